#include "sched/limits.h"

#include <algorithm>
#include <limits>
#include <span>
#include <utility>

namespace quire {
namespace {

Status refuse(std::string message) { return {Code::kInvalidArgument, std::move(message)}; }

// Also refuses NaN: it is not in any range.
Status in_range(const std::string& name, float value, float low, float high, const std::string& range) {
  if (value >= low && value <= high) return {};
  return refuse(name + " must be " + range + ", got " + std::to_string(value) + ".");
}

Status known_tokens(const std::string& name, std::span<const Token> tokens, int32_t vocab) {
  auto bad = std::ranges::find_if(tokens, [&](Token t) { return t < 0 || t >= vocab; });
  if (bad == tokens.end()) return {};
  return refuse(name + " contains token id " + std::to_string(*bad) + "; the vocabulary has " +
                std::to_string(vocab) + " tokens.");
}

Status logprob_count(const std::string& name, std::optional<int32_t> count, int32_t most) {
  if (!count || (*count >= 0 && *count <= most)) return {};
  return refuse(name + " must be in [0, " + std::to_string(most) + "] (--max-logprobs), got " +
                std::to_string(*count) + ".");
}

Status fits(int64_t needs, int32_t room, const std::string& what, const std::string& flag) {
  if (needs <= room) return {};
  return refuse("prompt and max_tokens need " + std::to_string(needs) + " tokens; " + what +
                " has room for " + std::to_string(room) + ". Lower max_tokens or raise " + flag + ".");
}

}  // namespace

Status validate(const Request& r, const Limits& limits) {
  constexpr float kMost = std::numeric_limits<float>::max(), kLeast = std::numeric_limits<float>::min();
  const SamplingParams& p = r.sampling;
  const int64_t needs = static_cast<int64_t>(r.prompt.size()) + r.max_tokens;
  if (r.prompt.empty()) return refuse("the prompt has no tokens.");
  if (r.max_tokens < 1)
    return refuse("max_tokens must be at least 1, got " + std::to_string(r.max_tokens) + ".");
  if (p.min_tokens < 0 || p.min_tokens > r.max_tokens)
    return refuse("min_tokens must be in [0, max_tokens], got " + std::to_string(p.min_tokens) + ".");
  if (p.top_k < 0)
    return refuse("top_k must be 0 (disable), or at least 1, got " + std::to_string(p.top_k) + ".");
  for (Status s :
       {in_range("temperature", p.temperature, 0, kMost, "non-negative"),
        in_range("top_p", p.top_p, kLeast, 1, "in (0, 1]"), in_range("min_p", p.min_p, 0, 1, "in [0, 1]"),
        in_range("repetition_penalty", p.repetition_penalty, kLeast, kMost, "greater than zero"),
        in_range("presence_penalty", p.presence_penalty, -2, 2, "in [-2, 2]"),
        in_range("frequency_penalty", p.frequency_penalty, -2, 2, "in [-2, 2]"),
        logprob_count("logprobs", p.logprobs, limits.max_logprobs),
        logprob_count("prompt_logprobs", p.prompt_logprobs, limits.max_logprobs),
        known_tokens("prompt", r.prompt, limits.vocab),
        known_tokens("stop_token_ids", p.stop_token_ids, limits.vocab),
        fits(needs, limits.max_model_len, "the model", "--max-model-len"),
        fits(needs, limits.kv_tokens, "the KV cache", "--kv-cache-memory-bytes")})
    if (!s.ok()) return s;
  return {};
}

}  // namespace quire
