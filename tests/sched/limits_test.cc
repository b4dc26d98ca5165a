// What a request may ask for, and the words in which it is refused.
#include "sched/limits.h"

#include <doctest/doctest.h>

#include <cmath>
#include <functional>
#include <limits>

namespace quire {
namespace {

constexpr float kInf = std::numeric_limits<float>::infinity(), kNan = std::numeric_limits<float>::quiet_NaN();

Limits some_limits() {
  return {.vocab = 50, .max_model_len = 300, .kv_tokens = 256, .max_logprobs = 5, .eos = {7, 8}};
}

// The message, or "" if the request is taken.
std::string refusal(const std::function<void(Request&)>& change, const Limits& limits = some_limits()) {
  Request r{.id = 1, .prompt = std::vector<Token>(8, 5), .max_tokens = 3};
  change(r);
  settle(r.sampling, limits);
  return validate(r, limits).message();
}

std::string refusal_of(const std::function<void(SamplingParams&)>& change,
                       const Limits& limits = some_limits()) {
  return refusal([&](Request& r) { change(r.sampling); }, limits);
}

using P = SamplingParams;

TEST_CASE("numbers out of range are refused in the words of sampling.md") {
  CHECK(refusal([](Request&) {}) == "");
  CHECK(refusal_of([](P& p) { p.temperature = -0.5f; }) == "temperature must be non-negative, got -0.5.");
  CHECK(refusal_of([](P& p) { p.temperature = kNan; }) == "temperature must be non-negative, got nan.");
  CHECK(refusal_of([](P& p) { p.temperature = kInf; }) == "temperature must be a finite number, got inf.");
  CHECK(refusal_of([](P& p) { p.temperature = 1e30f; }) == "");
  CHECK(refusal_of([](P& p) { p.top_p = 0; }) == "top_p must be in (0, 1], got 0.");
  CHECK(refusal_of([](P& p) { p.top_p = 1.5f; }) == "top_p must be in (0, 1], got 1.5.");
  CHECK(refusal_of([](P& p) { p.top_p = 1e-40f; }) == "");
  CHECK(refusal_of([](P& p) { p.min_p = -0.1f; }) == "min_p must be in [0, 1], got -0.1.");
  CHECK(refusal_of([](P& p) { p.top_k = -2; }) == "top_k must be 0 (disable), or at least 1, got -2.");
  CHECK(refusal_of([](P& p) { p.presence_penalty = 2.1f; }) ==
        "presence_penalty must be in [-2, 2], got 2.1.");
  CHECK(refusal_of([](P& p) { p.frequency_penalty = -3; }) ==
        "frequency_penalty must be in [-2, 2], got -3.");
  CHECK(refusal_of([](P& p) { p.repetition_penalty = 0; }) ==
        "repetition_penalty must be greater than zero, got 0.");
  CHECK(refusal_of([](P& p) { p.repetition_penalty = kNan; }) ==
        "repetition_penalty must be greater than zero, got nan.");
}

TEST_CASE("lengths") {
  CHECK(refusal([](Request& r) { r.prompt.clear(); }) == "the prompt has no tokens.");
  CHECK(refusal([](Request& r) { r.max_tokens = 0; }) == "max_tokens must be at least 1, got 0.");
  CHECK(refusal([](Request& r) { r.max_tokens = std::numeric_limits<int32_t>::min(); }) ==
        "max_tokens must be at least 1, got -2147483648.");
  CHECK(refusal([](Request& r) { r.max_tokens = 249; }) == "");  // the last token is never written
  CHECK(refusal([](Request& r) { r.max_tokens = 250; }) ==
        "the prompt has 8 tokens and max_tokens is 250; the KV cache has room for 256 in all. Shorten the "
        "prompt, lower max_tokens or raise --kv-cache-memory-bytes.");
  CHECK(refusal([](Request& r) { r.max_tokens = std::numeric_limits<int32_t>::max(); }) ==
        "the prompt has 8 tokens and max_tokens is 2147483647; the model's context has room for 300 in all. "
        "Shorten the prompt, lower max_tokens or raise --max-model-len.");
  Limits all = some_limits();
  all.kv_tokens = all.max_model_len = std::numeric_limits<int32_t>::max();
  CHECK(refusal([](Request& r) { r.max_tokens = std::numeric_limits<int32_t>::max() - 8; }, all) == "");
  CHECK(refusal([](Request& r) { r.max_tokens = std::numeric_limits<int32_t>::max() - 7; }, all) != "");
  CHECK(refusal([](Request& r) { r.prompt.assign(1'000'000, 5); }) != "");
  all.max_model_len = 11;  // one more than the context, and just the context
  CHECK(refusal([](Request& r) { r.max_tokens = 4; }, all) != "");
  CHECK(refusal([](Request& r) { r.max_tokens = 3; }, all) == "");
}

TEST_CASE("token ids beyond the vocabulary are named") {
  CHECK(refusal([](Request& r) { r.prompt[3] = 50; }) ==
        "prompt contains token id 50; the vocabulary has 50 tokens.");
  CHECK(refusal([](Request& r) { r.prompt[3] = -1; }) ==
        "prompt contains token id -1; the vocabulary has 50 tokens.");
  CHECK(refusal_of([](P& p) { p.stop_token_ids = {1, 70}; }) ==
        "stop_token_ids contains token id 70; the vocabulary has 50 tokens.");
  CHECK(refusal_of([](P& p) { p.logit_bias = {{49, 1}, {-5, 1}}; }) ==
        "logit_bias contains token id -5; the vocabulary has 50 tokens.");
  CHECK(refusal_of([](P& p) { p.only_allowed = true, p.allowed_token_ids = {3, 50}; }) ==
        "allowed_token_ids contains out-of-vocab token id!");
  CHECK(refusal_of([](P& p) { p.only_allowed = true; }) == "allowed_token_ids is not None and empty!");
  CHECK(refusal_of([](P& p) { p.only_allowed = true, p.allowed_token_ids = {3}; }) == "");
}

TEST_CASE("min_tokens") {
  CHECK(refusal_of([](P& p) { p.min_tokens = 3; }) == "");
  CHECK(refusal_of([](P& p) { p.min_tokens = -1; }) ==
        "min_tokens must be greater than or equal to 0, got -1.");
  CHECK(refusal_of([](P& p) { p.min_tokens = 4; }) ==
        "min_tokens must be less than or equal to max_tokens=3, got 4.");
}

TEST_CASE("min_tokens leaves something to sample") {
  auto only = [](std::vector<Token> allowed, bool ignore_eos, int32_t min_tokens) {
    return refusal_of([&](P& p) {
      p.only_allowed = true, p.allowed_token_ids = allowed;
      p.stop_token_ids = {9}, p.ignore_eos = ignore_eos, p.min_tokens = min_tokens;
    });
  };
  CHECK(only({7, 9}, false, 1) ==
        "allowed_token_ids has only tokens that end the answer, and min_tokens keeps them out until 1 are "
        "made. Allow another token, or set min_tokens to 0.");
  CHECK(only({7, 9}, true, 1) == "");  // eos is one like any other then
  CHECK(only({7, 9}, false, 0) == "");
  CHECK(only({7, 9, 10}, false, 1) == "");
  auto stop_at_all = [](Token from, int32_t min_tokens) {
    return refusal_of([&](P& p) {
      for (Token t = from; t < 50; ++t) p.stop_token_ids.push_back(t), p.stop_token_ids.push_back(t);
      p.min_tokens = min_tokens;
    });
  };
  CHECK(stop_at_all(0, 1) != "");
  CHECK(stop_at_all(0, 0) == "");
  CHECK(stop_at_all(1, 1) == "");
}

TEST_CASE("logprobs") {
  CHECK(refusal_of([](P& p) { p.logprobs = 5; }) == "");
  CHECK(refusal_of([](P& p) { p.logprobs = 6; }) ==
        "Requested sample logprobs of 6, which is greater than max allowed: 5");
  CHECK(refusal_of([](P& p) { p.prompt_logprobs = 6; }) ==
        "Requested prompt logprobs of 6, which is greater than max allowed: 5");
  CHECK(refusal_of([](P& p) { p.logprobs = -2; }) == "logprobs must be non-negative or -1, got -2.");
  CHECK(refusal_of([](P& p) { p.logprobs = -1; }) ==
        "Requested sample logprobs of 50, which is greater than max allowed: 5");
  Limits limits = some_limits();
  limits.all_logprobs = true;
  CHECK(refusal_of([](P& p) { p.logprobs = p.prompt_logprobs = -1; }, limits) == "");
  CHECK(refusal_of([](P& p) { p.logprobs = 6; }, limits) != "");
  limits.max_logprobs = 1000;
  CHECK(refusal_of([](P& p) { p.logprobs = 50; }, limits) == "");
  CHECK(refusal_of([](P& p) { p.logprobs = 51; }, limits) ==
        "Requested sample logprobs of 51, which is greater than max allowed: 50");
}

TEST_CASE("several spellings become one") {
  P p;
  p.temperature = 0.001f;
  p.top_k = -1;
  p.logprobs = -1;
  p.logit_bias = {{1, 1000}, {2, -kInf}, {3, 7}};
  settle(p, some_limits());
  CHECK(p.temperature == 0.01f);
  CHECK(p.top_k == 0);
  CHECK(p.logprobs == 50);
  CHECK(p.prompt_logprobs == std::nullopt);
  CHECK(p.logit_bias[0].bias == 100);
  CHECK(p.logit_bias[1].bias == -100);
  CHECK(p.logit_bias[2].bias == 7);
  p.temperature = 0;
  p.top_k = 50;
  p.logit_bias[0].bias = kNan;
  settle(p, some_limits());
  CHECK(p.temperature == 0);
  CHECK(p.top_k == 0);  // as good as off
  Request r{.id = 1, .prompt = {1}, .sampling = p};
  r.sampling.logprobs = 0;
  CHECK(validate(r, some_limits()).message() == "logit_bias of token id 1 must be in [-100, 100], got nan.");
}

}  // namespace
}  // namespace quire
