// A model without weights: the KV of a position hashes all KV before it, as attention does, and the next
// token hashes everything that is readable through the block table. So any mistake in paging, prefix reuse,
// salts, chunking, preemption, drafting or planning ahead changes the text.
#pragma once
#include <algorithm>
#include <map>
#include <random>

#include "sched/scheduler.h"

namespace quire {

inline SchedulerConfig paper_config(int32_t max_seqs, int32_t step_tokens, int32_t blocks,
                                    int32_t drafts = 0) {
  SchedulerConfig c;
  c.max_seqs = max_seqs;
  c.max_step_tokens = step_tokens;
  c.drafts = drafts;
  c.eos = {7, 8};
  c.limits = {.vocab = 50, .max_model_len = 4096, .kv_tokens = 0, .max_logprobs = 5};
  c.kv.num_blocks = blocks;
  c.kv.block_size = 4;
  return c;
}

class PaperModel {
 public:
  PaperModel(const SchedulerConfig& c, const std::vector<Request>& requests)
      : config_(c), kv_(static_cast<size_t>(c.kv.num_blocks) * c.kv.block_size), slots_(c.max_seqs) {
    for (const Request& r : requests) salts_[r.id] = r.cache_salt.hi * 7 + r.cache_salt.lo;
  }

  // `broken`: the step leaves rubbish behind, as a failed one may.
  void run(const StepPlan& p, StepResult& out, bool broken = false) {
    rubbish_ = broken ? 0xBADBADBADull : 0;
    out.clear();
    out.step = p.step;
    for (SlotId s : p.release) slots_.at(s.v) = {};
    for (const Admit& a : p.admit) {
      Slot& s = slots_.at(a.slot.v);
      QUIRE_CHECK(s.tokens.empty() && a.count > 0);
      s.tokens.assign(p.tokens.begin() + a.first, p.tokens.begin() + a.first + a.count);
      s.prompt = a.prompt_tokens;
      s.sampling = a.sampling;
      s.root = salts_.at(a.request) * 1000 + static_cast<uint32_t>(a.adapter);
    }
    size_t blocks = 0;
    for (const Grow& g : p.grow)
      for (int32_t i = g.first; i < g.first + g.count; ++i, ++blocks)
        slots_.at(g.slot.v).table.push_back(p.blocks.at(i));
    QUIRE_CHECK(blocks == p.blocks.size());
    for (const Row& r : p.rows) run_row(r, out);
  }

  int64_t computed = 0, accepted = 0, refused = 0;

 private:
  struct Slot {
    std::vector<Token> tokens;
    int32_t prompt = 0, length = -1;  // length: positions that are computed, the true number
    SamplingParams sampling;
    uint64_t root = 0;
    std::vector<BlockId> table;
  };

  void run_row(const Row& r, StepResult& out) {
    Slot& s = slots_.at(r.slot.v);
    if (s.length < 0) s.length = r.begin;
    QUIRE_CHECK(config_.drafts > 0 ? s.length <= r.begin : s.length == r.begin);
    const int32_t known = s.length + r.count - r.drafts;
    QUIRE_CHECK(known <= static_cast<int32_t>(s.tokens.size()));
    QUIRE_CHECK(r.sample == (known == static_cast<int32_t>(s.tokens.size())));
    for (; s.length < known; ++s.length) place(s, s.length, s.tokens[s.length]);
    computed += r.count;
    Sampled answer{.slot = r.slot};
    answer.first = static_cast<int32_t>(out.tokens.size());
    answer.logprobs = static_cast<int32_t>(out.logprobs.size());
    const int32_t scored = std::min(known, s.prompt - 1);
    for (int32_t i = scored - r.outputs; i < scored; ++i)
      score(s, i, s.tokens[i + 1], s.sampling.prompt_logprobs, out);
    for (int32_t j = 0; r.sample; ++j) {
      const Token t = next(s);
      score(s, s.length - 1, t, s.sampling.logprobs, out);
      s.tokens.push_back(t);
      out.tokens.push_back(t);
      ++answer.count;
      if (j == r.drafts) break;
      const Token guess = rng_() % 10 < 6 ? t : t + 1;
      if (guess != t) {  // this and the drafts after it leave rubbish where the right tokens will go
        for (int32_t k = j; k < r.drafts; ++k) place(s, s.length + k - j, guess);
        ++refused;
        break;
      }
      place(s, s.length++, guess);
      ++accepted;
    }
    out.rows.push_back(answer);
  }

  uint64_t& at(const Slot& s, int32_t i) {
    const int32_t size = config_.kv.block_size, block = s.table.at(i / size).v;
    QUIRE_CHECK(block > 0);
    return kv_.at(static_cast<size_t>(block) * size + i % size);
  }
  void place(const Slot& s, int32_t i, Token t) {
    const uint64_t before = i ? at(s, i - 1) : s.root;
    at(s, i) = ((before * 31 + static_cast<uint32_t>(t) + 1) * 0x9E3779B97F4A7C15ull) ^ rubbish_;
  }
  uint64_t read(const Slot& s, int32_t last) {
    uint64_t h = 1469598103934665603ull;
    for (int32_t i = 0; i <= last; ++i) h = (h ^ at(s, i)) * 1099511628211ull;
    return h;
  }
  Token next(const Slot& s) { return static_cast<Token>((read(s, s.length - 1) >> 40) % 50); }
  void score(const Slot& s, int32_t i, Token t, std::optional<int32_t> best, StepResult& out) {
    for (int32_t k = 0; best && k <= *best; ++k)
      out.logprobs.push_back({t + k, static_cast<float>((read(s, i) >> 20) % 100000), k});
  }

  SchedulerConfig config_;
  std::vector<uint64_t> kv_;
  std::vector<Slot> slots_;
  std::map<RequestId, uint64_t> salts_;
  std::mt19937 rng_{7};
  uint64_t rubbish_ = 0;
};

}  // namespace quire
