#include "cli/window.h"

namespace quire {

bool Window::wait() {
  std::unique_lock lock(mutex_);
  room_.wait(lock, [this] {
    return closed_ || choices_ == 0 || (choices_ < most_choices_ && bytes_ < most_bytes_);
  });
  return !closed_;
}

void Window::opened(int64_t choices) {
  std::lock_guard lock(mutex_);
  choices_ += choices;
}

void Window::written(int64_t choices, int64_t bytes_open) {
  std::lock_guard lock(mutex_);
  choices_ -= choices;
  bytes_ = bytes_open;
  room_.notify_one();
}

void Window::close() {
  std::lock_guard lock(mutex_);
  closed_ = true;
  room_.notify_one();
}

}  // namespace quire
