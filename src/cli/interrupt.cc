#include "cli/interrupt.h"

#include <poll.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <csignal>
#include <utility>

#include "base/status.h"

namespace quire {
namespace {

constexpr int kCtrlC = 128 + SIGINT;  // an exit status, as shells count

}  // namespace

Interrupt::Interrupt() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGINT);
  sigaddset(&set, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  signal_fd_ = signalfd(-1, &set, SFD_CLOEXEC);
  QUIRE_CHECK(signal_fd_ >= 0);
  thread_ = std::thread([this] { watch(); });
}

Interrupt::~Interrupt() {
  stop_.ring();
  thread_.join();
  close(signal_fd_);
}

void Interrupt::arm(std::function<void()> on_signal, bool every_ctrl_c) {
  std::lock_guard lock(mutex_);
  on_signal_ = std::move(on_signal);
  every_ctrl_c_ = every_ctrl_c;
}

void Interrupt::forgive_ctrl_c() {
  int ctrl_c = kCtrlC;
  status_.compare_exchange_strong(ctrl_c, 0);
}

void Interrupt::watch() {
  for (;;) {
    pollfd fds[2] = {{signal_fd_, POLLIN, 0}, {stop_.fd(), POLLIN, 0}};
    if (poll(fds, 2, -1) < 0) continue;
    if (fds[1].revents != 0) return;
    signalfd_siginfo info{};
    if (read(signal_fd_, &info, sizeof info) != sizeof info) continue;
    const int status = 128 + static_cast<int>(info.ssi_signo);
    std::lock_guard lock(mutex_);
    const bool pending = status_ != 0 && !(every_ctrl_c_ && status_ == kCtrlC);
    if (!on_signal_ || pending) _exit(status);
    status_ = status;
    on_signal_();
  }
}

}  // namespace quire
