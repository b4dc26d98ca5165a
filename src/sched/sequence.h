// A request on its way, as the scheduler sees it.
#pragma once
#include <cstdint>
#include <vector>

#include "kv/kv_manager.h"
#include "sched/request.h"

namespace quire {

// Lives until it has ended and no step in flight names it.
struct Sequence {
  Request request;  // but for its prompt
  uint64_t arrival = 0;
  std::vector<Token> tokens;  // prompt, then what was sampled
  int32_t prompt_tokens = 0;
  BlockTable table;
  SlotId slot;                // -1: not running
  int32_t computed = 0;       // positions whose k and v are planned; an upper bound while drafts fly
  int32_t pending = 0;        // tokens that steps in flight will add; an upper bound likewise
  int32_t told = 0;           // blocks of the table that the runner knows
  int32_t prompt_scored = 0;  // prompt positions whose scores are planned; survives preemption
  int32_t cached = -1;        // of the first admission; -1: none yet
  int64_t entered = 0;        // the stamp of that plan
  uint64_t relied = 0;        // latest step whose blocks it shares
  int32_t flying = 0;         // rows in flight
  bool ended = false;

  int32_t total() const { return static_cast<int32_t>(tokens.size()) + pending; }
  int32_t made() const { return total() - prompt_tokens; }
  bool scores_left() const { return request.sampling.prompt_logprobs && prompt_scored < prompt_tokens - 1; }
  int32_t entries_of_score() const { return scores_left() ? 1 + *request.sampling.prompt_logprobs : 0; }
  int32_t entries_of_sample() const { return request.sampling.logprobs ? 1 + *request.sampling.logprobs : 0; }
};

// The order of rank.
inline bool before(const Sequence* a, const Sequence* b) {
  const int32_t p = a->request.priority, q = b->request.priority;
  return p != q ? p < q : a->arrival < b->arrival;
}

}  // namespace quire
