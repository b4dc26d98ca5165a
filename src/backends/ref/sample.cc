// The next token of each line, step by step in the order of backend/sample_args.h. Values are f32 after each
// step; sums of probabilities are in double.
//
// A line is bad if a logit is NaN or +infinity, if no token is left, or if the largest value left is not
// finite (all logits left are -infinity, or a penalty or the temperature made one overflow).
#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "backend/noise.h"
#include "backends/ref/ref_backend.h"

namespace quire::ref {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();

struct Candidate {
  int32_t token;
  float value;
};

// Every token that may be sampled, in ascending id, with its logit. False: the logits are not finite.
bool allowed_tokens(std::vector<Candidate>& left, const float* logits, int32_t vocab, const SlotSampling& s,
                    int32_t position) {
  left.clear();
  for (int32_t t = 0; t < vocab; ++t) {
    if (!(logits[t] < kInfinity)) return false;
    if (s.allowed == nullptr || (s.allowed[t / 32] >> (t % 32) & 1) != 0) left.push_back({t, logits[t]});
  }
  if (position < s.held_before)
    std::erase_if(left, [&](const Candidate& c) {
      return std::find(s.held, s.held + s.num_held, c.token) != s.held + s.num_held;
    });
  return true;
}

void add_bias(std::vector<Candidate>& left, const SlotSampling& s) {
  for (int32_t b = 0; b < s.num_bias; ++b) {
    const auto at = std::lower_bound(left.begin(), left.end(), s.bias[b].token,
                                     [](const Candidate& c, int32_t token) { return c.token < token; });
    if (at != left.end() && at->token == s.bias[b].token) at->value += s.bias[b].bias;
  }
}

void penalize(std::vector<Candidate>& left, const SlotSampling& s) {
  if (s.counts == nullptr) return;
  for (Candidate& c : left) {
    const int32_t seen = s.counts[c.token], sampled = seen & (kInPrompt - 1);
    if (seen != 0) c.value = c.value > 0 ? c.value / s.repetition_penalty : c.value * s.repetition_penalty;
    if (sampled > 0) {
      c.value -= s.frequency_penalty * static_cast<float>(sampled);
      c.value -= s.presence_penalty;
    }
  }
}

// The largest value, ties to the lowest id; the candidates are in ascending id. None: -1.
Candidate largest(const std::vector<Candidate>& left) {
  Candidate best = {-1, -kInfinity};
  for (const Candidate& c : left)
    if (best.token < 0 || c.value > best.value) best = c;
  return best;
}

void keep_top_k(std::vector<Candidate>& left, int32_t k) {
  if (k <= 0 || static_cast<size_t>(k) >= left.size()) return;
  std::vector<float> values;
  values.reserve(left.size());
  for (const Candidate& c : left) values.push_back(c.value);
  std::nth_element(values.begin(), values.begin() + (k - 1), values.end(), std::greater<>());
  const float kth = values[static_cast<size_t>(k) - 1];
  std::erase_if(left, [&](const Candidate& c) { return c.value < kth; });
}

void keep_top_p(std::vector<Candidate>& left, float p, float top) {
  if (p >= 1) return;
  const auto probability = [&](const Candidate& c) { return std::exp(static_cast<double>(c.value - top)); };
  double all = 0, before = 0;
  for (const Candidate& c : left) all += probability(c);
  std::stable_sort(left.begin(), left.end(),
                   [](const Candidate& a, const Candidate& b) { return a.value > b.value; });
  size_t kept = 0;
  for (; kept < left.size() && (kept == 0 || before < static_cast<double>(p) * all); ++kept)
    before += probability(left[kept]);
  left.resize(kept);
  std::sort(left.begin(), left.end(),
            [](const Candidate& a, const Candidate& b) { return a.token < b.token; });
}

// Gumbel noise: the largest of value + noise is a draw from softmax(value).
float gumbel(uint64_t seed, int32_t position, int32_t token) {
  const float u = noise_uniform(noise_bits(seed, position, token, Noise::kSample));
  return static_cast<float>(-std::log(-std::log(static_cast<double>(u))));
}

// -1: bad.
int32_t choose(std::vector<Candidate>& left, const float* logits, int32_t vocab, const SlotSampling& s,
               int32_t position) {
  if (!allowed_tokens(left, logits, vocab, s, position)) return -1;
  add_bias(left, s);
  penalize(left, s);
  if (s.temperature > 0)
    for (Candidate& c : left) c.value /= s.temperature;
  const Candidate top = largest(left);
  if (top.token < 0 || !std::isfinite(top.value)) return -1;
  if (s.temperature <= 0) return top.token;
  if (s.min_p > 0)
    std::erase_if(left, [&](const Candidate& c) { return std::exp(c.value - top.value) < s.min_p; });
  keep_top_k(left, s.top_k);
  keep_top_p(left, s.top_p, top.value);
  for (Candidate& c : left) c.value += gumbel(s.seed, position, c.token);
  return largest(left).token;
}

}  // namespace

void RefBackend::sample(Mat logits, const SampleArgs& args) {
  QUIRE_CHECK(logits.dtype == DType::kF32 && args.slot.size == logits.rows);
  std::vector<Candidate> left;
  for (int32_t line = 0; line < logits.rows; ++line) {
    const int32_t slot = args.slot.data[line];
    const SlotSampling& s = args.slots[slot];
    const int32_t token = choose(left, logits.f32(line), logits.cols, s, args.position.data[line]);
    args.bad.data[line] = token < 0 ? 1 : 0;
    args.tokens.data[line] = args.last_token.data[slot] = std::max(token, 0);
    if (token >= 0 && s.counts != nullptr) ++s.counts[token];
  }
}

}  // namespace quire::ref
