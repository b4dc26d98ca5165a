// Wakes a thread that waits in poll().
#pragma once
#include <sys/eventfd.h>
#include <unistd.h>

#include <cstdint>

#include "base/status.h"

namespace quire {

class WakeEvent {
 public:
  WakeEvent() : fd_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) { QUIRE_CHECK(fd_ >= 0); }
  ~WakeEvent() { close(fd_); }
  WakeEvent(const WakeEvent&) = delete;

  int fd() const { return fd_; }  // readable from the first ring() on, until quiet()
  void ring() {                   // from any thread
    const uint64_t one = 1;
    QUIRE_CHECK(write(fd_, &one, sizeof one) == sizeof one);
  }
  void quiet() {
    uint64_t rings = 0;
    (void)!read(fd_, &rings, sizeof rings);  // none is no error
  }

 private:
  int fd_;
};

}  // namespace quire
