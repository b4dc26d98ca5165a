// Wakes a thread that waits in poll().
#pragma once
#include <sys/eventfd.h>
#include <unistd.h>

#include <cstdint>

#include "base/status.h"

namespace quire {

class WakeEvent {
 public:
  WakeEvent() : fd_(eventfd(0, EFD_CLOEXEC)) { QUIRE_CHECK(fd_ >= 0); }
  ~WakeEvent() { close(fd_); }
  WakeEvent(const WakeEvent&) = delete;

  int fd() const { return fd_; }  // readable from the first ring() on
  void ring() {                   // from any thread
    const uint64_t one = 1;
    QUIRE_CHECK(write(fd_, &one, sizeof one) == sizeof one);
  }

 private:
  int fd_;
};

}  // namespace quire
