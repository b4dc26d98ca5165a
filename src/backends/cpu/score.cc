// Logprobs of given tokens and of the best: log-softmax over a line. Order and ranks compare logits, which
// order as logprobs do before these are rounded. The best are looked for only in chunks whose largest logit
// is among the largest of chunks.
#include <algorithm>
#include <functional>
#include <limits>

#include "backends/cpu/cpu_backend.h"
#include "backends/cpu/natural_log.h"

namespace quire::cpu {

namespace {

// The `count` best by (logit down, id up), all in id order if there are not more.
void list_best(LineScratch& s, const float* logits, int32_t vocab, int32_t count) {
  s.ids.clear();
  float cut = -std::numeric_limits<float>::infinity();
  if (count < vocab && count > 0 && static_cast<size_t>(count) <= s.maxima.size()) {
    s.values.assign(s.maxima.begin(), s.maxima.end());
    std::nth_element(s.values.begin(), s.values.begin() + (count - 1), s.values.end(), std::greater<>());
    cut = s.values[static_cast<size_t>(count) - 1];  // so many tokens have as much
  }
  if (count > 0)
    for (int32_t t = 0; t < vocab; ++t) {
      if (t % kLogitChunk == 0 && s.maxima[static_cast<size_t>(t / kLogitChunk)] < cut) {
        t += kLogitChunk - 1;
        continue;
      }
      if (logits[t] >= cut) s.ids.push_back(t);
    }
  if (count >= vocab) return;
  std::partial_sort(s.ids.begin(), s.ids.begin() + count, s.ids.end(), [&](int32_t a, int32_t b) {
    return logits[a] != logits[b] ? logits[a] > logits[b] : a < b;
  });
  s.ids.resize(static_cast<size_t>(count));
}

}  // namespace

void CpuBackend::score(Mat logits, const ScoreArgs& args) {
  QUIRE_CHECK(logits.dtype == DType::kF32 && args.wanted.size == logits.rows);
  const int32_t vocab = logits.cols;
  reserve_lines(logits);
  share(logits.rows, int64_t{32} * logits.rows * logits.cols, [&](int32_t line, int32_t worker) {
    const int32_t best = args.best.data[line], wanted = args.wanted.data[line];
    if (best < 0) return;
    QUIRE_CHECK(best <= args.most && wanted >= 0 && wanted < vocab);
    LineScratch& s = lines_[static_cast<size_t>(worker)];
    const float* l = logits.f32(line);
    float* lp = args.logprobs.f32(line);
    int32_t* tokens = args.tokens.data + static_cast<int64_t>(line) * (1 + args.most);
    s.maxima.resize(static_cast<size_t>((vocab + kLogitChunk - 1) / kLogitChunk));
    const Scan seen = k_.scan(l, vocab, s.maxima.data());
    if (!seen.finite || seen.token < 0) {
      args.bad.data[line] = 1;
      args.ranks.data[line] = 0;
      std::fill_n(lp, 1 + best, 0.0f);
      std::fill_n(tokens, 1 + best, 0);
      return;
    }
    list_best(s, l, vocab, best);
    tokens[0] = wanted;
    std::copy(s.ids.begin(), s.ids.end(), tokens + 1);
    s.sums.resize(s.maxima.size());
    k_.exp_sums(l, vocab, 1.0f, seen.top, s.sums.data());
    double sum = 0;
    for (const float part : s.sums) sum += static_cast<double>(part);
    const double log_sum = natural_log(sum), top = static_cast<double>(seen.top);
    for (size_t j = 0; j < 1 + s.ids.size(); ++j)
      lp[j] = static_cast<float>(static_cast<double>(l[tokens[j]]) - top - log_sum);
    args.ranks.data[line] = 1 + k_.count_before(l, vocab, wanted);
  });
}

}  // namespace quire::cpu
