#include "serve/text_pool.h"

#include <algorithm>

namespace quire::serve {

TextPool::TextPool(int32_t threads) : most_long_(std::max(1, threads - 1)) {
  for (int32_t i = 0; i < std::max(1, threads); ++i) threads_.emplace_back([this] { serve(); });
}

TextPool::~TextPool() { stop(); }

void TextPool::post(Work work) {
  {
    std::lock_guard lock(mutex_);
    if (stop_) return;
    ready_.push_back(std::move(work));
  }
  wake_.notify_one();
}

void TextPool::post_long(Work work) {
  {
    std::lock_guard lock(mutex_);
    if (stop_) return;
    long_.push_back(std::move(work));
  }
  wake_.notify_one();
}

uint64_t TextPool::post_at(Clock::time_point when, Work work) {
  uint64_t number = 0;
  {
    std::lock_guard lock(mutex_);
    if (stop_) return 0;
    number = ++number_;
    later_.emplace(std::pair(when, number), std::move(work));
    times_.emplace(number, when);
  }
  wake_.notify_one();  // it may be the next
  return number;
}

void TextPool::take_back(uint64_t number) {
  Work gone;  // destroyed without the lock
  std::lock_guard lock(mutex_);
  const auto time = times_.find(number);
  if (time == times_.end()) return;
  const auto at = later_.find({time->second, number});
  gone = std::move(at->second);
  later_.erase(at);
  times_.erase(time);
}

void TextPool::stop() {
  std::deque<Work> ready, lengthy;
  std::map<std::pair<Clock::time_point, uint64_t>, Work> later;
  {
    std::lock_guard lock(mutex_);
    stop_ = true;
    ready.swap(ready_);
    lengthy.swap(long_);
    later.swap(later_);
    times_.clear();
  }
  wake_.notify_all();
  for (std::thread& t : threads_) t.join();
  threads_.clear();
}

void TextPool::serve() {
  std::unique_lock lock(mutex_);
  while (!stop_) {
    Work work;
    bool lengthy = false;
    if (!later_.empty() && later_.begin()->first.first <= Clock::now()) {
      times_.erase(later_.begin()->first.second);
      work = std::move(later_.begin()->second);
      later_.erase(later_.begin());
    } else if (!ready_.empty()) {
      work = std::move(ready_.front());
      ready_.pop_front();
    } else if (!long_.empty() && running_long_ < most_long_) {
      work = std::move(long_.front());
      long_.pop_front();
      ++running_long_;
      lengthy = true;
    } else if (later_.empty()) {
      wake_.wait(lock);
      continue;
    } else {
      wake_.wait_until(lock, later_.begin()->first.first);
      continue;
    }
    lock.unlock();
    work();
    work = nullptr;  // what it holds goes without the lock
    lock.lock();
    if (!lengthy) continue;
    --running_long_;
    if (!long_.empty()) wake_.notify_one();  // this thread may find something else to do
  }
}

}  // namespace quire::serve
