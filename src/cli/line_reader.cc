#include "cli/line_reader.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace quire {

LineReader::LineReader(int fd, int wake_fd, size_t most_bytes)
    : fd_(fd), wake_fd_(wake_fd), most_bytes_(most_bytes) {}

// More bytes into the empty buffer; false: there are none.
bool LineReader::fill() {
  constexpr size_t kChunk = size_t{1} << 16;
  if (ended_) return false;
  buffer_.resize(kChunk), at_ = 0;
  ssize_t n = -1;
  while (n < 0) {
    pollfd fds[2] = {{fd_, POLLIN, 0}, {wake_fd_, POLLIN, 0}};
    if (poll(fds, wake_fd_ >= 0 ? 2 : 1, -1) < 0) {
      if (errno == EINTR) continue;
    } else if (wake_fd_ >= 0 && fds[1].revents != 0) {
      n = 0;
      break;
    }
    n = read(fd_, buffer_.data(), kChunk);
    if (n < 0 && errno != EINTR && errno != EAGAIN) {
      error_ = {Code::kInvalidArgument, std::string("cannot read the input: ") + std::strerror(errno) + "."};
      break;
    }
  }
  buffer_.resize(n > 0 ? static_cast<size_t>(n) : 0);
  if (n <= 0) ended_ = true;
  if (!begun_ && buffer_.starts_with("\xEF\xBB\xBF")) at_ = 3;
  begun_ = true;
  return n > 0;
}

LineReader::Got LineReader::next(std::string& line) {
  line.clear();
  bool some = false, too_long = false;
  for (;;) {
    if (at_ == buffer_.size() && !fill()) {
      if (!error_.ok()) return Got::kError;
      return too_long ? Got::kTooLong : some ? Got::kLine : Got::kEnd;
    }
    some = true;
    const size_t end = buffer_.find('\n', at_);
    const size_t stop = end == std::string::npos ? buffer_.size() : end;
    if (line.size() + (stop - at_) > most_bytes_) too_long = true, line.clear();
    if (!too_long) line.append(buffer_, at_, stop - at_);
    at_ = end == std::string::npos ? stop : stop + 1;
    if (end != std::string::npos) return too_long ? Got::kTooLong : Got::kLine;
  }
}

uint64_t count_lines(int fd) {
  struct stat st{};
  if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) return 0;
  std::string buffer(size_t{1} << 16, '\0');
  uint64_t lines = 0;
  char last = '\n';
  for (off_t at = lseek(fd, 0, SEEK_CUR);;) {
    const ssize_t n = pread(fd, buffer.data(), buffer.size(), at);
    if (n <= 0) break;
    lines += static_cast<uint64_t>(std::count(buffer.begin(), buffer.begin() + n, '\n'));
    last = buffer[static_cast<size_t>(n) - 1];
    at += n;
  }
  return lines + (last != '\n');
}

}  // namespace quire
