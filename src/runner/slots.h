// What the runner remembers of each sequence in a slot: its tokens and how it is sampled on the host, its
// block table and settings on the device. Nothing points into the scheduler.
#pragma once
#include <cstdint>
#include <span>
#include <vector>

#include "backend/device_array.h"
#include "runner/staging.h"
#include "sched/step_plan.h"

namespace quire {

struct SlotsConfig {
  int32_t slots = 0;  // one more is kept that stays idle
  int32_t max_model_len = 0, block_size = 0, vocab = 0;
  std::vector<Token> eos;
};

class Slots {
 public:
  struct Slot {
    std::vector<Token> tokens;  // prompt, then what was sampled
    int32_t prompt = 0;
    int32_t blocks = 0;                           // entries of its table
    int32_t logprobs = -1, prompt_logprobs = -1;  // how many of the best; -1: none are asked for
  };

  Status allocate(Backend& backend, const SlotsConfig& config);
  static size_t bytes(const SlotsConfig& config);

  // Takes in who leaves, who enters and which tables grow, and puts what changed on the device into
  // `staging`. The plan's blocks that no earlier step has filled are appended to `fresh`, if it is given.
  Status apply(const StepPlan& plan, Staging& staging, std::vector<int32_t>* fresh);

  Slot& operator[](SlotId s) { return slots_[static_cast<size_t>(s.v)]; }
  IntSpan table() const { return {table_.data(), static_cast<int32_t>(table_.size())}; }
  int32_t blocks_per_slot() const { return stride_; }
  const SlotSampling* sampling() const { return sampling_.data(); }
  MutIntSpan last_token() const { return {last_token_.data(), config_.slots + 1}; }

 private:
  struct Extras {  // device memory that only some requests need; kept when the slot is used again
    DeviceArray<uint32_t> allowed;
    DeviceArray<TokenBias> bias;
    DeviceArray<int32_t> held, counts;
  };
  void enter(const Admit& a, const StepPlan& plan);
  Status stage_sampling(const Admit& a, Staging& staging);
  Status set_extras(const SamplingParams& p, const Slot& slot, Extras& extras, SlotSampling& to);

  Backend* backend_ = nullptr;
  SlotsConfig config_;
  int32_t stride_ = 0;
  std::vector<Slot> slots_;
  std::vector<Extras> extras_;
  DeviceArray<int32_t> table_, last_token_;  // [slots + 1][stride], [slots + 1]
  DeviceArray<SlotSampling> sampling_;       // [slots + 1]
  std::vector<int32_t> words_;               // of one thing to upload
  std::vector<TokenBias> bias_;
};

}  // namespace quire
