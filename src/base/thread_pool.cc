#include "base/thread_pool.h"

#include <sched.h>

#include <chrono>
#include <system_error>

#include "base/cores.h"
#include "base/status.h"

namespace quire {

namespace {

// Between two operations of a step there are a few microseconds, between two steps perhaps a hundred: a
// worker that slept would cost more than it saves. Longer than this, and it is idle.
constexpr std::chrono::microseconds kSpin{60}, kYield{60};

void pause() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#endif
}

constexpr uint32_t open_tiles(uint64_t job) { return static_cast<uint32_t>(job); }

// Looks for `ready` spinning, then giving way to other threads; false: after all that time it is not.
template <class Ready>
bool spin(Ready ready, bool for_ever) {
  using Clock = std::chrono::steady_clock;
  const Clock::time_point begin = Clock::now();
  for (;;) {
    for (int i = 0; i < 32; ++i) {
      if (ready()) return true;
      pause();
    }
    const Clock::duration spent = Clock::now() - begin;
    if (spent < kSpin) continue;
    if (!for_ever && spent > kSpin + kYield) return false;
    sched_yield();
  }
}

}  // namespace

ThreadPool::ThreadPool(int32_t threads, std::span<const int32_t> cores) {
  QUIRE_CHECK(threads >= 1 && (cores.empty() || cores.size() == static_cast<size_t>(threads)));
  workers_.reserve(static_cast<size_t>(threads) - 1);
  try {
    for (int32_t i = 1; i < threads; ++i) {
      const int32_t core = cores.empty() ? -1 : cores[static_cast<size_t>(i)];
      workers_.emplace_back([this, i, core] {
        stay_on_core(core);  // of -1 it is refused
        serve(i);
      });
    }
  } catch (const std::system_error&) {
    workers_.shrink_to_fit();  // no more threads are to be had: these do all the work
  }
}

ThreadPool::~ThreadPool() {
  {
    const std::lock_guard lock(mutex_);
    end_ = true;
  }
  tiles_or_end_.notify_all();
  for (std::thread& t : workers_) t.join();
}

void ThreadPool::run(int32_t tiles, Body body) {
  if (tiles <= 0) return;
  if (workers_.empty() || tiles == 1) {
    for (int32_t i = 0; i < tiles; ++i) body(i, 0);
    return;
  }
  body_ = &body;
  tiles_ = tiles;
  left_.store(tiles, std::memory_order_relaxed);
  // Either we see a worker as parked, or it sees these tiles before it sleeps.
  job_.store(++jobs_ << 32 | static_cast<uint32_t>(tiles), std::memory_order_seq_cst);
  if (parked_.load(std::memory_order_seq_cst) > 0) wake();
  work(0);
  spin([&] { return left_.load(std::memory_order_acquire) == 0; }, true);
}

void ThreadPool::work(int32_t worker) {
  int32_t done = 0;
  uint64_t job = job_.load(std::memory_order_acquire);
  while (open_tiles(job) != 0) {
    if (!job_.compare_exchange_weak(job, job - 1, std::memory_order_acq_rel, std::memory_order_acquire))
      continue;
    (*body_)(tiles_ - static_cast<int32_t>(open_tiles(job)), worker);
    ++done;  // reported below: until then no other job can begin
    job = job_.load(std::memory_order_acquire);
  }
  if (done > 0) left_.fetch_sub(done, std::memory_order_acq_rel);
}

bool ThreadPool::await() {
  const auto called = [&] { return end_ || open_tiles(job_.load(std::memory_order_seq_cst)) != 0; };
  if (!spin(called, false)) {
    std::unique_lock lock(mutex_);
    parked_.fetch_add(1, std::memory_order_seq_cst);
    tiles_or_end_.wait(lock, called);
    parked_.fetch_sub(1, std::memory_order_seq_cst);
  }
  return !end_;
}

void ThreadPool::serve(int32_t worker) {
  while (await()) work(worker);
}

void ThreadPool::wake() {
  { const std::lock_guard lock(mutex_); }  // one that is about to sleep is asleep now
  tiles_or_end_.notify_all();
}

}  // namespace quire
