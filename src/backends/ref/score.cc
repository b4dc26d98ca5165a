// Logprobs of given tokens and of the best: log-softmax over a line. Order and ranks compare logits, which
// order as logprobs do before these are rounded, so a greedy token has rank 1.
#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <vector>

#include "backends/ref/ref_backend.h"

namespace quire::ref {
namespace {

struct Softmax {  // logprob = (logit - top) - log_sum: large logits keep their differences
  double top = 0, log_sum = 0;
  bool bad = false;
};

Softmax softmax_of(const float* logits, int32_t vocab) {
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  float top = -kInfinity;
  for (int32_t t = 0; t < vocab; ++t) {
    if (!(logits[t] < kInfinity)) return {0, 0, true};
    top = std::max(top, logits[t]);
  }
  if (top == -kInfinity) return {0, 0, true};
  double sum = 0;
  for (int32_t t = 0; t < vocab; ++t)
    sum += std::exp(static_cast<double>(logits[t]) - static_cast<double>(top));
  return {static_cast<double>(top), std::log(sum), false};
}

void list_best(std::vector<int32_t>& ids, const float* logits, int32_t vocab, int32_t count) {
  ids.resize(static_cast<size_t>(vocab));
  std::iota(ids.begin(), ids.end(), 0);
  if (count >= vocab) return;
  std::partial_sort(ids.begin(), ids.begin() + count, ids.end(), [&](int32_t a, int32_t b) {
    return logits[a] != logits[b] ? logits[a] > logits[b] : a < b;
  });
  ids.resize(static_cast<size_t>(count));
}

}  // namespace

void RefBackend::score(Mat logits, const ScoreArgs& args) {
  QUIRE_CHECK(logits.dtype == DType::kF32 && args.wanted.size == logits.rows);
  const int32_t vocab = logits.cols;
  std::vector<int32_t> ids;
  for (int32_t line = 0; line < logits.rows; ++line) {
    const int32_t best = args.best.data[line], wanted = args.wanted.data[line];
    if (best < 0) continue;
    QUIRE_CHECK(best <= args.most && wanted >= 0 && wanted < vocab);
    const float* l = logits.f32(line);
    float* lp = args.logprobs.f32(line);
    int32_t* tokens = args.tokens.data + static_cast<int64_t>(line) * (1 + args.most);
    tokens[0] = wanted;
    list_best(ids, l, vocab, best);
    std::copy(ids.begin(), ids.end(), tokens + 1);
    const Softmax softmax = softmax_of(l, vocab);
    if (softmax.bad) {
      args.bad.data[line] = 1;
      args.ranks.data[line] = 0;
      std::fill_n(lp, 1 + ids.size(), 0.0f);
      continue;
    }
    for (size_t j = 0; j < 1 + ids.size(); ++j)
      lp[j] = static_cast<float>(static_cast<double>(l[tokens[j]]) - softmax.top - softmax.log_sum);
    int32_t before = 0;
    for (int32_t t = 0; t < vocab; ++t)
      if (l[t] > l[wanted] || (l[t] == l[wanted] && t < wanted)) ++before;
    args.ranks.data[line] = 1 + before;
  }
}

}  // namespace quire::ref
