#include "cli/output_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

namespace quire {
namespace {

Status refuse(const std::string& what, const std::string& name) {
  return {Code::kInvalidArgument, what + ' ' + name + ": " + std::strerror(errno) + "."};
}

}  // namespace

OutputFile::~OutputFile() {
  (void)flush();
  if (owned_) close(fd_);
}

OutputFile::OutputFile(OutputFile&& o) noexcept
    : fd_(std::exchange(o.fd_, -1)),
      owned_(std::exchange(o.owned_, false)),
      name_(std::move(o.name_)),
      buffer_(std::exchange(o.buffer_, {})),
      problem_(std::exchange(o.problem_, {})) {}

Result<OutputFile> OutputFile::open(const std::string& path) {
  OutputFile f;
  f.name_ = path == "-" ? "standard output" : path;
  f.owned_ = path != "-";
  f.fd_ = f.owned_ ? ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666) : STDOUT_FILENO;
  if (f.fd_ < 0) return f.owned_ = false, refuse("cannot write", path);
  return f;
}

void OutputFile::write(std::string_view bytes) {
  constexpr size_t kMost = size_t{1} << 18;
  buffer_ += bytes;
  if (buffer_.size() > kMost) (void)flush();
}

Status OutputFile::flush() {
  std::string_view left = buffer_;
  while (problem_.ok() && !left.empty()) {
    const ssize_t n = ::write(fd_, left.data(), left.size());
    if (n >= 0) left.remove_prefix(static_cast<size_t>(n));
    else if (errno != EINTR) problem_ = refuse("cannot write", name_);
  }
  buffer_.clear();
  return problem_;
}

bool OutputFile::is_terminal() const { return isatty(fd_) == 1; }

Result<int> open_input(const std::string& path) {
  if (path == "-") return STDIN_FILENO;
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return refuse("cannot read", path);
  struct stat s{};
  if (fstat(fd, &s) == 0 && S_ISDIR(s.st_mode)) {
    close(fd);
    return Status(Code::kInvalidArgument, "cannot read " + path + ": it is a folder.");
  }
  return fd;
}

bool same_file(const std::string& a, const std::string& b) {
  struct stat x{}, y{};
  return stat(a.c_str(), &x) == 0 && stat(b.c_str(), &y) == 0 && S_ISREG(x.st_mode) && x.st_dev == y.st_dev &&
         x.st_ino == y.st_ino;
}

}  // namespace quire
