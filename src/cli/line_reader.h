// Lines of an input, read as they are needed: a file, a pipe or a terminal. A read that waits can be woken.
#pragma once
#include <cstddef>
#include <cstdint>
#include <string>

#include "base/status.h"

namespace quire {

class LineReader {
 public:
  static constexpr size_t kMostBytes = size_t{256} << 20;  // of one line; the rest of a longer one is skipped

  // Reads `fd`, which stays the caller's. When `wake_fd` becomes readable (-1: none), the input is at its
  // end.
  LineReader(int fd, int wake_fd, size_t most_bytes = kMostBytes);

  enum class Got : uint8_t { kLine, kTooLong, kEnd, kError };
  // The next line without its end. After kError error() says why. A last line without an end is a line; a
  // byte order mark at the beginning is skipped.
  Got next(std::string& line);
  const Status& error() const { return error_; }

 private:
  bool fill();

  int fd_, wake_fd_;
  size_t most_bytes_;
  std::string buffer_;
  size_t at_ = 0;
  bool begun_ = false, ended_ = false;
  Status error_;
};

// How many lines a regular file has, read from here without moving in it; 0: it is no such file.
uint64_t count_lines(int fd);

}  // namespace quire
