#include "engine/pulse.h"

#include <algorithm>

namespace quire {
namespace {

constexpr auto kRelaxed = std::memory_order_relaxed;
constexpr double kMemory = 10;  // seconds after which a measurement has faded

// One writer: no read-modify-write is needed.
template <class T, class U>
void add(std::atomic<T>& to, U more) {
  to.store(to.load(kRelaxed) + static_cast<T>(more), kRelaxed);
}

}  // namespace

void Pulse::Rate::add(double more, double dt) {
  const double keep = 1 / (1 + dt / kMemory);
  tokens = tokens * keep + more;
  seconds = seconds * keep + dt;
}

void Pulse::work(int64_t now) {
  if (busy_.load(kRelaxed)) return;
  progress_.store(now, kRelaxed);
  busy_.store(true, std::memory_order_release);
}

void Pulse::submitted(const StepPlan& plan, int64_t now) {
  Flight f{.begun = now};
  for (const Row& r : plan.rows) {
    if (r.sample && r.count - r.drafts == 1) f.decode += r.count;
    else f.prefill += r.count;
  }
  flights_[begun_++ % flights_.size()] = f;
  add(flying_, f.prefill + f.decode);
}

void Pulse::landed(int64_t now) {
  const Flight& f = flights_[steps_.load(kRelaxed) % flights_.size()];
  const int32_t all = f.prefill + f.decode;
  // It began when it was submitted or when the one before it was done.
  const double dt = static_cast<double>(now - std::max(f.begun, progress_.load(kRelaxed))) * 1e-9;
  if (f.prefill > 0 && dt > 0) {
    prefill_.add(f.prefill, dt);
    prefill_rate_.store(prefill_.value(), kRelaxed);
  }
  if (f.decode > 0 && dt > 0) {
    decode_.add(f.decode, dt);
    decode_rate_.store(decode_.value(), kRelaxed);
  }
  if (all > 0) {
    add(sizes_[static_cast<size_t>(std::ranges::lower_bound(kStepSizes, all) - kStepSizes.begin())], 1);
    add(positions_, all);
    add(flying_, -all);
  }
  add(steps_, 1);
  progress_.store(now, kRelaxed);
}

void Pulse::holds(const SchedulerStats& s) {
  waiting_.store(s.waiting, kRelaxed);
  running_.store(s.running, kRelaxed);
  blocks_.store(s.blocks, kRelaxed);
  free_blocks_.store(s.free_blocks, kRelaxed);
  planned_.store(s.steps, kRelaxed);
  preemptions_.store(s.preemptions, kRelaxed);
  prompt_tokens_.store(s.prompt_tokens, kRelaxed);
  cached_tokens_.store(s.cached_tokens, kRelaxed);
  sampled_.store(s.sampled_tokens, kRelaxed);
  bad_logits_.store(s.bad_logits, kRelaxed);
}

EngineState Pulse::read() const {
  EngineState s;
  s.busy = busy_.load(std::memory_order_acquire);
  s.progress = progress_.load(kRelaxed);
  s.scheduler = {.waiting = mail_.load(kRelaxed) + waiting_.load(kRelaxed),
                 .running = running_.load(kRelaxed),
                 .blocks = blocks_.load(kRelaxed),
                 .free_blocks = free_blocks_.load(kRelaxed),
                 .steps = planned_.load(kRelaxed),
                 .preemptions = preemptions_.load(kRelaxed),
                 .prompt_tokens = prompt_tokens_.load(kRelaxed),
                 .cached_tokens = cached_tokens_.load(kRelaxed),
                 .sampled_tokens = sampled_.load(kRelaxed),
                 .bad_logits = bad_logits_.load(kRelaxed)};
  s.steps = steps_.load(kRelaxed);
  s.positions = positions_.load(kRelaxed);
  s.flying = flying_.load(kRelaxed);
  s.prefill_rate = prefill_rate_.load(kRelaxed);
  s.decode_rate = decode_rate_.load(kRelaxed);
  for (size_t i = 0; i < sizes_.size(); ++i) s.sizes[i] = sizes_[i].load(kRelaxed);
  return s;
}

}  // namespace quire
