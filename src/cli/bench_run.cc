#include "cli/bench_run.h"

namespace quire {

void BenchRun::deliver(std::span<const TokenEvent> events) {
  std::lock_guard lock(mutex_);
  for (const TokenEvent& e : events) {
    const size_t i = static_cast<size_t>(e.request - first_);
    if (e.request < first_ || i >= begun_.size()) continue;
    if (e.token >= 0) {
      ++tokens_;
      if (!begun_[i]) begun_[i] = true, ++num_begun_;
    }
    if (e.finish == Finish::kError && problem_.ok()) problem_ = e.error;
    if (e.finish != Finish::kNone) ++finished_;
  }
  pace_.note(num_begun_, tokens_);
  if (finished_ == begun_.size()) ended_.notify_one();
}

Result<BenchTiming> BenchRun::run(Engine& engine, std::span<const BenchRequest> requests,
                                  const std::function<void(double)>& progress) {
  BenchTiming timing;
  std::vector<Request> ready;
  {
    std::lock_guard lock(mutex_);
    first_ += begun_.size() + 1;
    begun_.assign(requests.size(), false);
    num_begun_ = tokens_ = finished_ = 0;
    pace_ = {};
  }
  for (const BenchRequest& r : requests) {
    Request& request = ready.emplace_back();
    request.id = first_ + ready.size() - 1;
    request.prompt = r.prompt;
    request.sampling.seed = ready.size();
    request.sampling.ignore_eos = true;
    request.max_tokens = r.output_len;
    timing.prompt_tokens += r.prompt.size();
  }
  {
    std::lock_guard lock(mutex_);
    pace_.start();
  }
  for (Request& request : ready)
    if (Status s = engine.submit(std::move(request)); !s.ok()) return s;
  std::unique_lock lock(mutex_);
  while (finished_ < begun_.size()) {
    ended_.wait_for(lock, std::chrono::milliseconds(200));
    progress(static_cast<double>(finished_) / static_cast<double>(begun_.size()));
  }
  if (!problem_.ok()) return problem_;
  timing.seconds = pace_.seconds();
  timing.tokens = tokens_;
  timing.prefill_rate = pace_.prefill_rate(timing.prompt_tokens);
  timing.decode_rate = pace_.decode_rate();
  return timing;
}

}  // namespace quire
