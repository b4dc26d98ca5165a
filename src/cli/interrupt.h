// Ctrl-C and SIGTERM as an event instead of a sudden death: the first is told, the second ends the process,
// but where Ctrl-C means something smaller.
#pragma once
#include <atomic>
#include <functional>
#include <mutex>
#include <thread>

#include "cli/wake_event.h"

namespace quire {

class Interrupt {
 public:
  // Blocks both signals in this thread and those that it starts from now on, so make it first. Until arm() a
  // signal ends the process at once.
  Interrupt();
  ~Interrupt();
  Interrupt(const Interrupt&) = delete;

  // `on_signal` is called on a thread of its own: once, or with `every_ctrl_c` for each Ctrl-C, of which none
  // ends the process then.
  void arm(std::function<void()> on_signal, bool every_ctrl_c = false);

  // 0: none came; else the exit status, 128 + the signal's number: 130 for Ctrl-C.
  int status() const { return status_; }
  // A Ctrl-C has done its work: status() is 0 again. A SIGTERM stays.
  void forgive_ctrl_c();

 private:
  void watch();

  int signal_fd_ = -1;
  WakeEvent stop_;
  std::atomic<int> status_{0};
  std::mutex mutex_;
  std::function<void()> on_signal_;  // guarded by mutex_
  bool every_ctrl_c_ = false;        // likewise
  std::thread thread_;
};

}  // namespace quire
