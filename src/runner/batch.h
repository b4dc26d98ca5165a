// Executes one step: stages its tables, runs the decoder over its tokens, samples and scores, and says what
// came out. One thread; a warm step allocates nothing but what it hands out.
#pragma once
#include <cstdint>
#include <vector>

#include "backend/backend.h"
#include "models/decoder.h"
#include "runner/kv_memory.h"
#include "runner/scratch.h"
#include "runner/slots.h"
#include "runner/staging.h"
#include "sched/step_plan.h"

namespace quire {

struct BatchConfig {
  int32_t max_seqs = 0, max_step_tokens = 0, max_model_len = 0, block_size = 0, blocks = 0;
  DType kv_dtype = DType::kBF16;
  std::vector<Token> eos{};
  bool poison = false;  // fill pages with NaN when they are handed out: for tests
};

class Batch {
 public:
  // All three outlive it.
  Batch(Backend& backend, const ModelSpec& spec, const ModelWeights& weights);
  Status allocate(const BatchConfig& config);
  // Of everything but the KV cache.
  static size_t bytes(const Backend& backend, const ModelSpec& spec, const BatchConfig& config);

  void enter() { backend_.enter(); }  // by the thread that will execute
  // Fills `result`. On failure only result.step is set.
  Status execute(const StepPlan& plan, StepResult& result);

 private:
  struct Line {          // of logits
    int32_t row = 0;     // of the plan
    int32_t hidden = 0;  // token of the step whose hidden state it comes from
    int32_t slot = 0;
    int32_t position = 0;  // of the token that is sampled or scored
    int32_t token = 0;     // the one to score; not known before it is sampled
    int32_t best = -1;     // how many of the best to list; -1: the line is not scored
    int32_t entry = 0;     // its first in StepResult::logprobs
  };
  struct StepArrays {  // what kernels read, at fixed addresses
    DeviceArray<int32_t> row_begin, row_of, slot, length, tokens, wanted, line_slot, line_position,
        line_token, line_best, bad;
  };
  struct Host {  // the same, as the host makes it
    std::vector<int32_t> row_begin, row_of, slot, length, tokens, wanted, line_slot, line_position,
        line_token, line_best, bad;
    void clear();
  };

  static SlotsConfig slots_config(const ModelSpec& spec, const BatchConfig& config);
  void lay_out(const StepPlan& plan, StepResult& result);
  void stage();
  DeviceStep device_step() const;
  Status finish_lines(StepResult& result);
  Status score_lines(int32_t first, int32_t count, Mat logits, StepResult& result);
  void hand_out(const StepPlan& plan, StepResult& result);
  template <class T>
  void download(const DeviceArray<T>& from, size_t count, std::vector<T>& to) {
    to.resize(count);
    backend_.download(to.data(), from.data(), count * sizeof(T));
  }

  Backend& backend_;
  const ModelSpec& spec_;
  Decoder decoder_;
  BatchConfig config_;
  KvMemory kv_;
  ScratchMemory scratch_;
  Slots slots_;
  Staging staging_;
  StepArrays device_;
  Host host_;
  std::vector<Line> lines_, scored_;
  int32_t sampled_ = 0;  // the first so many lines are sampled, the others only scored
  std::vector<int32_t> fresh_;
  DeviceArray<float> logprobs_;  // [kHeadRows][1 + most]
  DeviceArray<int32_t> logprob_tokens_, ranks_;
  std::vector<float> host_logprobs_;
  std::vector<int32_t> host_logprob_tokens_, host_ranks_;
};

}  // namespace quire
