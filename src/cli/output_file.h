// Where results go: a file or standard output, written in large pieces, flushed when the writer has to wait.
#pragma once
#include <string>
#include <string_view>

#include "base/status.h"

namespace quire {

class OutputFile {
 public:
  OutputFile() = default;
  ~OutputFile();
  OutputFile(OutputFile&&) noexcept;
  OutputFile(const OutputFile&) = delete;

  // "-" is standard output. A file is made anew.
  static Result<OutputFile> open(const std::string& path);

  void write(std::string_view bytes);
  // The first problem of any write; nothing is written after it. Standard output whose reader has gone is
  // one.
  Status flush();
  bool is_terminal() const;

 private:
  int fd_ = -1;
  bool owned_ = false;
  std::string name_, buffer_;
  Status problem_;
};

// A descriptor to read `path` from, "-" is standard input (0, which stays open).
Result<int> open_input(const std::string& path);

// Are both the same regular file? Writing one would destroy the other.
bool same_file(const std::string& a, const std::string& b);

}  // namespace quire
