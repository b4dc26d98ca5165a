#include "weights/mapped_file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <system_error>
#include <utility>

#include "base/checked.h"

namespace quire {
namespace {

std::string words(int error) { return std::error_code(error, std::generic_category()).message(); }

std::string identity_of(const struct stat& s) {
  const auto time = [](const timespec& t) {
    return std::to_string(t.tv_sec) + '.' + std::to_string(t.tv_nsec);
  };
  return std::to_string(s.st_dev) + ' ' + std::to_string(s.st_ino) + ' ' + std::to_string(s.st_size) + ' ' +
         time(s.st_mtim) + ' ' + time(s.st_ctim);
}

struct Descriptor {  // closed at the end of its scope; a mapping lives on without it
  int fd;
  ~Descriptor() {
    if (fd >= 0) ::close(fd);
  }
};

}  // namespace

Result<MappedFile> MappedFile::open(const std::string& path) {
  const Descriptor file{::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)};
  if (file.fd < 0) {
    const int error = errno;
    if (error == ENOENT || error == ENOTDIR)
      return Status(Code::kNotFound, path + ": there is no such file (or it is a link to nothing).");
    if (error == EACCES || error == EPERM)
      return Status(Code::kInvalidArgument, path + ": this user may not read the file.");
    return Status(Code::kInvalidArgument, path + ": cannot be opened: " + words(error) + ".");
  }
  struct stat info = {};
  if (::fstat(file.fd, &info) != 0)
    return Status(Code::kInvalidArgument, path + ": cannot be examined: " + words(errno) + ".");
  if (S_ISDIR(info.st_mode)) return Status(Code::kInvalidArgument, path + ": is a folder, not a file.");
  if (!S_ISREG(info.st_mode)) return Status(Code::kInvalidArgument, path + ": is not a regular file.");
  if (info.st_size == 0) return Status(Code::kInvalidArgument, path + ": is empty.");
  const auto size = narrow<size_t>(info.st_size);
  if (!size) return Status(Code::kInvalidArgument, path + ": has a size that does not fit into memory.");
  void* data = ::mmap(nullptr, *size, PROT_READ, MAP_PRIVATE, file.fd, 0);
  if (data == MAP_FAILED)
    return Status(Code::kInvalidArgument, path + ": cannot be mapped into memory: " + words(errno) + ".");
  return MappedFile(static_cast<const std::byte*>(data), *size, identity_of(info));
}

MappedFile::MappedFile(MappedFile&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)),
      size_(std::exchange(other.size_, 0)),
      identity_(std::move(other.identity_)) {}

MappedFile& MappedFile::operator=(MappedFile&& other) noexcept {
  std::swap(data_, other.data_);
  std::swap(size_, other.size_);
  std::swap(identity_, other.identity_);
  return *this;
}

MappedFile::~MappedFile() {
  if (data_) ::munmap(const_cast<std::byte*>(data_), size_);
}

void MappedFile::drop(std::span<const std::byte> part) const {
  if (part.empty()) return;
  QUIRE_CHECK(part.data() >= data_ && part.data() + part.size() <= data_ + size_);
  const auto page = static_cast<uintptr_t>(::sysconf(_SC_PAGESIZE));
  const size_t before = reinterpret_cast<uintptr_t>(part.data()) % page;  // of the first page
  // Advice that is refused (by a sandbox, say) costs memory, not correctness.
  ::madvise(const_cast<std::byte*>(part.data() - before), before + part.size(), MADV_DONTNEED);
}

}  // namespace quire
