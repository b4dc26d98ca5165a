// The StepRunner of a synchronous backend (a CPU): one compute thread runs the plans in order, so that the
// engine plans while a step computes, and a result is there the moment its step is done.
#pragma once
#include <condition_variable>
#include <mutex>
#include <thread>
#include <vector>

#include "runner/batch.h"
#include "runner/step_runner.h"

namespace quire {

class ModelRunner : public StepRunner {
 public:
  // `batch` has been allocated. At most `depth` steps are submitted and not collected.
  ModelRunner(std::unique_ptr<Batch> batch, int32_t depth);
  ~ModelRunner() override;

  void submit(const StepPlan& plan) override;
  bool ready() const override;
  Status collect(StepResult& result) override;

 private:
  struct Step {
    const StepPlan* plan = nullptr;
    StepResult result;  // its memory travels round with collect()
    Status status;
  };
  void compute();
  Step& step(uint64_t i) { return steps_[i % steps_.size()]; }

  std::unique_ptr<Batch> batch_;
  mutable std::mutex mutex_;  // guards all below; a step's contents belong to the compute thread between
                              // submitted_ and done_
  std::condition_variable change_;
  std::vector<Step> steps_;  // a ring
  uint64_t submitted_ = 0, done_ = 0, collected_ = 0;
  bool stop_ = false;
  std::thread thread_;  // last: starts when all else is built
};

}  // namespace quire
