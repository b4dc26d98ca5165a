// Threads for text: templates, tokens, JSON. What comes in at one end leaves at the other in order, but two
// threads may be at work at one time; who needs an order of his own keeps it (see api/call.h).
#pragma once
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

namespace quire::serve {

class TextPool {
 public:
  using Work = std::function<void()>;
  using Clock = std::chrono::steady_clock;

  explicit TextPool(int32_t threads);  // at least 1
  ~TextPool();                         // stop()

  // All from any thread; none waits for work. After stop() they do nothing.
  void post(Work work);
  // Work that may take long, a large body to read: it never has all threads, if there are two, so that
  // answers go on meanwhile.
  void post_long(Work work);
  // Not before `when`; the number takes it back.
  uint64_t post_at(Clock::time_point when, Work work);
  void take_back(uint64_t number);

  // Returns when no work runs any more; what has not begun is dropped. Not from a thread of the pool.
  void stop();

 private:
  void serve();

  std::mutex mutex_;  // guards all but threads_
  std::condition_variable wake_;
  std::deque<Work> ready_, long_;
  int32_t running_long_ = 0, most_long_ = 1;
  std::map<std::pair<Clock::time_point, uint64_t>, Work> later_;
  std::map<uint64_t, Clock::time_point> times_;  // of later_, by number
  uint64_t number_ = 0;
  bool stop_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace quire::serve
