#include "runner/model_runner.h"

#include <new>

namespace quire {

ModelRunner::ModelRunner(std::unique_ptr<Batch> batch, int32_t depth)
    : batch_(std::move(batch)), steps_(static_cast<size_t>(depth)), thread_([this] { compute(); }) {}

ModelRunner::~ModelRunner() {
  {
    std::lock_guard lock(mutex_);
    stop_ = true;
  }
  change_.notify_all();
  thread_.join();
}

void ModelRunner::submit(const StepPlan& plan) {
  {
    std::lock_guard lock(mutex_);
    QUIRE_CHECK(submitted_ - collected_ < steps_.size());
    step(submitted_).plan = &plan;
    ++submitted_;
  }
  change_.notify_all();
}

bool ModelRunner::ready() const {
  std::lock_guard lock(mutex_);
  return collected_ < done_;
}

Status ModelRunner::collect(StepResult& result) {
  std::unique_lock lock(mutex_);
  QUIRE_CHECK(collected_ < submitted_);
  change_.wait(lock, [this] { return collected_ < done_; });
  Step& s = step(collected_++);
  std::swap(result, s.result);
  return std::move(s.status);
}

void ModelRunner::compute() {
  batch_->enter();
  std::unique_lock lock(mutex_);
  for (;;) {
    change_.wait(lock, [this] { return stop_ || done_ < submitted_; });
    if (done_ == submitted_) return;
    Step& s = step(done_);
    lock.unlock();
    try {
      s.status = batch_->execute(*s.plan, s.result);
    } catch (const std::bad_alloc&) {
      s.result.clear();
      s.result.step = s.plan->step;
      s.status = {Code::kOutOfMemory,
                  "the step ran out of memory; lower --max-num-seqs or --max-num-batched-tokens."};
    }
    lock.lock();
    ++done_;
    change_.notify_all();
  }
}

}  // namespace quire
