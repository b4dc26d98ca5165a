// Random requests for the paper model, what each must answer when it has the machine to itself, and random
// ways to serve them that must not change a token.
#pragma once
#include "tests/sched/serve.h"

namespace quire {

class Dice {
 public:
  explicit Dice(uint32_t seed) : rng_(seed) {}
  int32_t up_to(int32_t n) { return static_cast<int32_t>(rng_() % static_cast<uint32_t>(n + 1)); }
  int32_t between(int32_t least, int32_t most) { return least + up_to(most - least); }
  bool one_in(int32_t n) { return up_to(n - 1) == 0; }
  uint32_t word() { return static_cast<uint32_t>(rng_()); }

 private:
  std::mt19937 rng_;
};

inline constexpr int32_t kLongest = 150;  // tokens of a request, prompt and answer

// With few words blocks are often equal under different prefixes.
inline std::vector<Request> random_requests(Dice& dice, int32_t words) {
  std::vector<Token> common(dice.up_to(59));
  for (Token& t : common) t = dice.up_to(words - 1);
  std::vector<Request> requests;
  for (int32_t i = dice.between(1, 20); i > 0; --i) {
    Request r;
    r.id = requests.size() + 1;
    if (dice.one_in(2)) r.prompt = common;
    for (int k = dice.between(1, 40); k > 0; --k) r.prompt.push_back(dice.up_to(words - 1));
    if (!requests.empty() && dice.one_in(3)) r.prompt = requests[dice.word() % requests.size()].prompt;
    r.max_tokens = dice.between(1, 50);
    r.priority = dice.up_to(2);
    r.cache_salt.hi = static_cast<uint64_t>(dice.up_to(3) / 2);
    r.adapter = dice.up_to(4) / 4;
    r.tenant = dice.up_to(5) / 2;
    r.lockstep = dice.one_in(5);
    if (dice.one_in(4)) r.sampling.min_tokens = dice.up_to(r.max_tokens);
    r.sampling.ignore_eos = dice.one_in(4);
    if (dice.one_in(3)) r.sampling.stop_token_ids = {9, 10};
    if (dice.one_in(4)) r.sampling.logprobs = dice.up_to(2);
    if (dice.one_in(4)) r.sampling.prompt_logprobs = dice.up_to(2);
    requests.push_back(r);
  }
  return requests;
}

// Little memory, small steps, every setting that must not matter.
inline SchedulerConfig tight_config(Dice& dice) {
  SchedulerConfig c = paper_config(dice.between(1, 8), dice.one_in(5) ? 1 : dice.between(1, 30), 0);
  c.kv.block_size = dice.one_in(2) ? 4 : dice.one_in(2) ? dice.between(1, 20) : 256;
  c.kv.num_blocks = 1 + (kLongest + c.kv.block_size - 1) / c.kv.block_size + dice.up_to(80 / c.kv.block_size);
  c.kv.enable_prefix_caching = !dice.one_in(5);
  if (dice.one_in(3)) c.long_prefill_token_threshold = dice.between(1, 12);
  if (dice.one_in(4)) c.max_step_logprobs = dice.between(1, 20);
  return c;
}

// Where the answer must end, judged from its tokens.
inline void expect_right_end(const Request& r, const Answer& a) {
  auto stops = [&](Token t) { return !r.sampling.ignore_eos && (t == 7 || t == 8); };
  for (size_t i = 0; i < a.tokens.size(); ++i) {
    const bool free = static_cast<int32_t>(i) < r.sampling.min_tokens;
    const bool eos = !free && stops(a.tokens[i]);
    const bool named = !free && !eos && std::ranges::count(r.sampling.stop_token_ids, a.tokens[i]) > 0;
    const bool last = eos || named || static_cast<int32_t>(i) + 1 == r.max_tokens;
    QUIRE_CHECK(last == (i + 1 == a.tokens.size()));
    if (!last) continue;
    QUIRE_CHECK(a.finish == (eos || named ? Finish::kStop : Finish::kLength));
    QUIRE_CHECK(a.stop_token == (named ? a.tokens[i] : -1));
  }
  QUIRE_CHECK(a.logprobs.size() == (r.sampling.logprobs ? a.tokens.size() : 0));
  QUIRE_CHECK(a.scores.size() == (r.sampling.prompt_logprobs ? r.prompt.size() - 1 : 0));
}

// One request at a time, in a cache of its own: nothing to share, chunk, preempt or wait for.
inline Answers serve_alone(const std::vector<Request>& requests) {
  Answers all;
  for (const Request& r : requests) {
    all.merge(serve(paper_config(1, 4096, 1 + kLongest / 4 + 1), {r}));
    expect_right_end(r, all.at(r.id));
  }
  return all;
}

// Who was cancelled or lost has the beginning of its answer.
inline void expect_equal(const Answers& got, const Answers& want, bool may_be_cut) {
  QUIRE_CHECK(may_be_cut || got.size() == want.size());
  for (const auto& [id, a] : got) {
    const Answer& w = want.at(id);
    if (!may_be_cut || (a.finish != Finish::kCancelled && a.finish != Finish::kError)) {
      QUIRE_CHECK(a == w);
    } else {
      QUIRE_CHECK(a.tokens.size() <= w.tokens.size());
      QUIRE_CHECK(std::equal(a.tokens.begin(), a.tokens.end(), w.tokens.begin()));
      for (auto& [position, value] : a.scores) QUIRE_CHECK(w.scores.at(position) == value);
    }
  }
}

}  // namespace quire
