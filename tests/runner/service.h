// Serves requests with the scheduler and a Batch on a real model, step by step in one thread, so that a test
// can choose what happens at each: how far plans run ahead, who is preempted when.
#pragma once
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "backend/backend.h"
#include "models/loader.h"
#include "runner/batch.h"
#include "sched/scheduler.h"

namespace quire {

struct Answer {
  std::vector<Token> tokens;
  std::vector<Logprob> logprobs;                            // of the tokens, all entries
  std::map<int32_t, std::vector<Logprob>> prompt_logprobs;  // by position
  Finish finish = Finish::kNone;
  int32_t cached = 0;
};
using Answers = std::map<RequestId, Answer>;

// Bit for bit, but for what was found in the cache.
bool same(const Answer& a, const Answer& b);

struct ServeOptions {
  int32_t max_seqs = 8, step_tokens = 64, block_size = 16, blocks = 200, ahead = 1;
  bool prefix_caching = true;
  int32_t preempt_every = 0;  // steps; 0: only when memory is short
  int32_t preempt_at = -1;    // this step
};
struct ServeTotals {
  uint64_t steps = 0, preemptions = 0, cached_tokens = 0;
};

class Service {
 public:
  // Loads a model folder; a failure fails the test.
  Service(const std::string& folder, std::string_view backend, const BackendOptions& options = {});
  Answers serve(const std::vector<Request>& requests, const ServeOptions& options,
                ServeTotals* totals = nullptr);
  const ModelSpec& spec() const { return spec_; }

 private:
  std::unique_ptr<Backend> backend_;
  ModelSpec spec_;
  std::unique_ptr<LoadedWeights> weights_;
};

}  // namespace quire
