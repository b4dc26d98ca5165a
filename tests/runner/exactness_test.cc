// The bytes of an answer do not depend on what else is in the batch, nor on order, chunk sizes, block sizes,
// prefix hits, preemption, threads or run-ahead: greedy and sampled, tokens and log probabilities, on a
// random model of every family, with pages that hold NaN until they are written.
#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>
#include <random>

#include "tests/runner/service.h"

namespace quire {
namespace {

std::vector<std::string> families() {
  std::vector<std::string> all;
  for (const auto& entry : std::filesystem::directory_iterator(QUIRE_TEST_DATA "/goldens"))
    if (entry.is_directory()) all.push_back(entry.path().string());
  std::ranges::sort(all);
  return all;
}

// Greedy and sampled, with and without log probabilities, penalties and filters; some share a prefix.
std::vector<Request> requests(int32_t vocab) {
  std::mt19937 rng(5);
  auto token = [&] { return static_cast<Token>(rng() % static_cast<unsigned>(vocab)); };
  std::vector<Token> common(40);
  std::ranges::generate(common, token);
  std::vector<Request> all;
  for (int32_t i = 0; i < 7; ++i) {
    Request r{.id = static_cast<RequestId>(i + 1)};
    if (i % 2 == 0) r.prompt = common;
    for (int32_t k = 3 + 7 * i; k > 0; --k) r.prompt.push_back(token());
    r.max_tokens = 6 + 2 * i;
    SamplingParams& p = r.sampling;
    p.ignore_eos = true;
    p.temperature = i == 0 || i == 3 ? 0.0f : 0.7f + 0.2f * static_cast<float>(i);
    p.seed = 100 + static_cast<uint64_t>(i);
    if (i % 3 != 2) p.logprobs = i;
    if (i >= 3 && i < 6) p.prompt_logprobs = 6 - i;
    if (i == 2) p.top_k = 20;
    if (i == 4) p.top_p = 0.8f;
    if (i == 5) p.min_p = 0.05f, p.repetition_penalty = 1.3f;
    if (i == 6) p.presence_penalty = 0.5f, p.frequency_penalty = 0.25f, p.logit_bias = {{3, 2.0f}};
    all.push_back(r);
  }
  return all;
}

void expect_same(const Answers& got, const Answers& want, const std::string& what) {
  REQUIRE(got.size() == want.size());
  for (const auto& [id, a] : want) CHECK_MESSAGE(same(got.at(id), a), what, ", request ", id);
}

Answers alone(Service& service, const std::vector<Request>& all) {
  Answers answers;
  for (const Request& r : all)
    answers.merge(service.serve(
        {r}, {.max_seqs = 1, .step_tokens = 512, .blocks = 64, .ahead = 0, .prefix_caching = false}));
  return answers;
}

void try_all(const std::string& folder, std::string_view backend) {
  Service service(folder, backend);
  std::vector<Request> all = requests(service.spec().vocab);
  const Answers want = alone(service, all);
  for (const auto& [id, a] : want) {
    REQUIRE(a.finish == Finish::kLength);
    CHECK(a.tokens.size() == static_cast<size_t>(all[id - 1].max_tokens));
    if (all[id - 1].sampling.prompt_logprobs)
      CHECK(a.prompt_logprobs.size() == all[id - 1].prompt.size() - 1);
  }
  ServeTotals t;
  expect_same(service.serve(all, {}, &t), want, "together");
  CHECK(t.cached_tokens > 0);
  for (const int32_t budget : {1, 7, 33})
    expect_same(service.serve(all, {.step_tokens = budget}), want, "budget " + std::to_string(budget));
  for (const int32_t size : {1, 2, 64, 256})
    expect_same(service.serve(all, {.block_size = size, .blocks = size == 1 ? 900 : 500}), want,
                "block size " + std::to_string(size));
  for (const int32_t ahead : {0, 2})
    expect_same(service.serve(all, {.ahead = ahead}), want, "ahead " + std::to_string(ahead));
  expect_same(service.serve(all, {.prefix_caching = false}), want, "no prefix cache");
  expect_same(service.serve(all, {.step_tokens = 20, .block_size = 4, .blocks = 28}, &t), want,
              "tight memory");
  CHECK(t.preemptions > 0);
  expect_same(service.serve(all, {.preempt_every = 2}, &t), want, "preemption at every other step");
  CHECK(t.preemptions > 5);
  const auto steps = static_cast<int32_t>(t.steps);
  for (int32_t at = 0; at < std::min(steps, 24); ++at)
    expect_same(service.serve(all, {.step_tokens = 40, .prefix_caching = at % 2 == 0, .preempt_at = at}),
                want, "preemption at step " + std::to_string(at));
  std::ranges::reverse(all);
  expect_same(service.serve(all, {}), want, "the other order");
  for (const int32_t threads : {1, 3}) {
    Service other(folder, backend, {.threads = threads});
    expect_same(other.serve(all, {.step_tokens = 50}), want, std::to_string(threads) + " threads");
  }
}

TEST_CASE("answers have the same bits whatever happens around them") {
  for (const std::string& folder : families()) {
    CAPTURE(folder);
    try_all(folder, "cpu");
  }
}

TEST_CASE("so it is with the reference") { try_all(QUIRE_TEST_DATA "/goldens/llama_odd", "ref"); }

}  // namespace
}  // namespace quire
