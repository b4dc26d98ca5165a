#include "cli/progress.h"

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <string>

namespace quire {

Progress::Progress() : on_(isatty(STDERR_FILENO) == 1) {}

void Progress::show(double fraction, std::string_view text) {
  const auto now = std::chrono::steady_clock::now();
  if (!on_ || (drawn_ && now < next_)) return;
  constexpr size_t kWidth = 30;
  std::string line = "\r\x1b[K";
  if (fraction >= 0) {
    const size_t full = static_cast<size_t>(std::min(1.0, fraction) * kWidth);
    line += '[' + std::string(full, '#') + std::string(kWidth - full, '.') + "] ";
  }
  line += text;
  std::fwrite(line.data(), 1, line.size(), stderr);
  std::fflush(stderr);
  drawn_ = true;
  next_ = now + std::chrono::milliseconds(100);
}

void Progress::clear() {
  if (drawn_) std::fputs("\r\x1b[K", stderr), std::fflush(stderr);
  drawn_ = false;
}

}  // namespace quire
