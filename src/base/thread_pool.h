// Threads that share out the tiles of one job at a time. A tile is taken from a counter by whichever thread
// is free, so one that the system has put aside holds up nothing but the tile it has; what a tile computes
// may not depend on who takes it.
#pragma once
#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <span>
#include <thread>
#include <vector>

#include "base/function_ref.h"

namespace quire {

class ThreadPool {
 public:
  // `threads` at least 1, the calling one among them. Fewer if the system refuses to start them. With
  // `cores`, one for each thread, worker i stays on core i of them; the calling thread is left where it is.
  explicit ThreadPool(int32_t threads, std::span<const int32_t> cores = {});
  ~ThreadPool();
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;

  int32_t threads() const { return static_cast<int32_t>(workers_.size()) + 1; }

  // Calls body(tile, worker) once for each tile in [0, tiles) and returns when all are done. `worker`, in
  // [0, threads()), names the thread: no two calls at one time have the same. The calling thread takes part.
  // Only one thread at a time may call, and a body must not. Allocates nothing.
  using Body = function_ref<void(int32_t tile, int32_t worker)>;
  void run(int32_t tiles, Body body);

 private:
  void work(int32_t worker);   // takes tiles until there are none
  bool await();                // until there are tiles (true) or the pool ends
  void serve(int32_t worker);  // a worker's life
  void wake();

  // The job: its number above, how many of its tiles are not taken yet below. What stands in body_ and
  // tiles_ is that job's as long as left_, the tiles not done yet, is not 0: whoever has taken a tile may
  // read them.
  alignas(64) std::atomic<uint64_t> job_{0};
  alignas(64) std::atomic<int32_t> left_{0};
  alignas(64) std::atomic<int32_t> parked_{0};
  const Body* body_ = nullptr;
  int32_t tiles_ = 0;
  uint64_t jobs_ = 0;
  std::atomic<bool> end_{false};
  std::mutex mutex_;  // of the sleep only
  std::condition_variable tiles_or_end_;
  std::vector<std::thread> workers_;
};

}  // namespace quire
