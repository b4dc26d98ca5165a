#include "sched/limits.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <span>
#include <utility>

#include "base/checked.h"

namespace quire {
namespace {

constexpr float kMost = std::numeric_limits<float>::max(), kLeast = std::numeric_limits<float>::denorm_min();

Status refuse(std::string message) { return {Code::kInvalidArgument, std::move(message)}; }

std::string shortest(float v) {
  char digits[40];
  return {digits, std::to_chars(digits, digits + sizeof digits, v).ptr};
}

// Also refuses NaN: it is not in any range.
Status in_range(const std::string& name, float value, float low, float high, const std::string& range) {
  if (value >= low && value <= high) return {};
  if (std::isinf(value) && high == kMost && value > 0)
    return refuse(name + " must be a finite number, got inf.");
  return refuse(name + " must be " + range + ", got " + shortest(value) + ".");
}

Status known_token(const std::string& name, Token token, int32_t vocab) {
  if (token >= 0 && token < vocab) return {};
  return refuse(name + " contains token id " + std::to_string(token) + "; the vocabulary has " +
                std::to_string(vocab) + " tokens.");
}

Status known_tokens(const std::string& name, std::span<const Token> tokens, int32_t vocab) {
  const auto bad = std::ranges::find_if(tokens, [&](Token t) { return t < 0 || t >= vocab; });
  return bad == tokens.end() ? Status() : known_token(name, *bad, vocab);
}

Status right_biases(const std::vector<LogitBias>& biases, int32_t vocab) {
  for (const LogitBias& b : biases) {
    if (Status s = known_token("logit_bias", b.token, vocab); !s.ok()) return s;
    const std::string name = "logit_bias of token id " + std::to_string(b.token);
    if (Status s = in_range(name, b.bias, -100, 100, "in [-100, 100]"); !s.ok()) return s;
  }
  return {};
}

Status right_min_tokens(int32_t min_tokens, int32_t max_tokens) {
  const std::string got = ", got " + std::to_string(min_tokens) + ".";
  if (min_tokens < 0) return refuse("min_tokens must be greater than or equal to 0" + got);
  if (min_tokens <= max_tokens) return {};
  return refuse("min_tokens must be less than or equal to max_tokens=" + std::to_string(max_tokens) + got);
}

Status right_allowed(const SamplingParams& p, int32_t vocab) {
  if (!p.only_allowed) return {};
  if (p.allowed_token_ids.empty()) return refuse("allowed_token_ids is not None and empty!");
  if (known_tokens("", p.allowed_token_ids, vocab).ok()) return {};
  return refuse("allowed_token_ids contains out-of-vocab token id!");
}

// While min_tokens holds the stop tokens back there must be something else to sample.
Status some_left(const SamplingParams& p, const Limits& limits) {
  if (p.min_tokens == 0) return {};
  std::vector<Token> held = p.stop_token_ids;
  if (!p.ignore_eos) held.insert(held.end(), limits.eos.begin(), limits.eos.end());
  std::ranges::sort(held);
  const auto is_held = [&](Token t) { return std::ranges::binary_search(held, t); };
  if (p.only_allowed) {
    if (!std::ranges::all_of(p.allowed_token_ids, is_held)) return {};
    return refuse(
        "allowed_token_ids has only tokens that end the answer, and min_tokens keeps them out until " +
        std::to_string(p.min_tokens) + " are made. Allow another token, or set min_tokens to 0.");
  }
  held.erase(std::ranges::unique(held).begin(), held.end());
  if (std::ranges::count_if(held, [&](Token t) { return t >= 0 && t < limits.vocab; }) < limits.vocab)
    return {};
  return refuse("stop_token_ids has the whole vocabulary, and min_tokens keeps it out until " +
                std::to_string(p.min_tokens) + " tokens are made. Set min_tokens to 0.");
}

Status logprob_count(const std::string& name, const std::string& kind, std::optional<int32_t> count,
                     const Limits& limits) {
  if (!count) return {};
  if (*count < 0) return refuse(name + " must be non-negative or -1, got " + std::to_string(*count) + ".");
  const int32_t most = std::min(limits.max_logprobs, limits.vocab);
  if (*count <= most || (limits.all_logprobs && *count == limits.vocab)) return {};
  return refuse("Requested " + kind + " logprobs of " + std::to_string(*count) +
                ", which is greater than max allowed: " + std::to_string(most));
}

// The last token is never written, so the cache may be one smaller than the whole.
Status fits(const Request& r, const Limits& limits) {
  const Checked whole = Checked(r.prompt.size()) + Checked(r.max_tokens);
  const auto refused = [&](const std::string& what, int32_t room, const std::string& flag) {
    return refuse("the prompt has " + std::to_string(r.prompt.size()) + " tokens and max_tokens is " +
                  std::to_string(r.max_tokens) + "; " + what + " has room for " + std::to_string(room) +
                  " in all. Shorten the prompt, lower max_tokens or raise " + flag + ".");
  };
  if (!whole.at_most(static_cast<uint64_t>(std::max(0, limits.max_model_len))))
    return refused("the model's context", limits.max_model_len, "--max-model-len");
  if (!(whole - 1).at_most(static_cast<uint64_t>(std::max(0, limits.kv_tokens))))
    return refused("the KV cache", limits.kv_tokens, "--kv-cache-memory-bytes");
  return {};
}

}  // namespace

void settle(SamplingParams& p, const Limits& limits) {
  if (p.top_k == -1 || p.top_k >= limits.vocab) p.top_k = 0;
  for (auto* count : {&p.logprobs, &p.prompt_logprobs})
    if (*count == -1) *count = limits.vocab;
  if (p.temperature > 0 && p.temperature < 0.01f) p.temperature = 0.01f;
  for (LogitBias& b : p.logit_bias)
    if (!std::isnan(b.bias)) b.bias = std::clamp(b.bias, -100.0f, 100.0f);
}

Status validate(const Request& r, const Limits& limits) {
  const SamplingParams& p = r.sampling;
  if (r.prompt.empty()) return refuse("the prompt has no tokens.");
  if (r.max_tokens < 1)
    return refuse("max_tokens must be at least 1, got " + std::to_string(r.max_tokens) + ".");
  if (r.tenant < 0 || r.tenant >= kMostTenants)
    return refuse("there is room for " + std::to_string(kMostTenants) + " tenants, got number " +
                  std::to_string(r.tenant) + ".");
  if (p.top_k < 0)
    return refuse("top_k must be 0 (disable), or at least 1, got " + std::to_string(p.top_k) + ".");
  for (Status s :
       {in_range("presence_penalty", p.presence_penalty, -2, 2, "in [-2, 2]"),
        in_range("frequency_penalty", p.frequency_penalty, -2, 2, "in [-2, 2]"),
        in_range("repetition_penalty", p.repetition_penalty, kLeast, kMost, "greater than zero"),
        in_range("temperature", p.temperature, 0, kMost, "non-negative"),
        in_range("top_p", p.top_p, kLeast, 1, "in (0, 1]"), in_range("min_p", p.min_p, 0, 1, "in [0, 1]"),
        right_min_tokens(p.min_tokens, r.max_tokens), logprob_count("logprobs", "sample", p.logprobs, limits),
        logprob_count("prompt_logprobs", "prompt", p.prompt_logprobs, limits),
        known_tokens("prompt", r.prompt, limits.vocab),
        known_tokens("stop_token_ids", p.stop_token_ids, limits.vocab),
        right_biases(p.logit_bias, limits.vocab), right_allowed(p, limits.vocab), some_left(p, limits),
        fits(r, limits)})
    if (!s.ok()) return s;
  return {};
}

}  // namespace quire
