// A whole file mapped into memory, read-only, for as long as the object lives.
#pragma once
#include <cstddef>
#include <span>
#include <string>
#include <utility>

#include "base/status.h"

namespace quire {

// Any thread may read. What this does not promise: a file that another process shortens while it is mapped
// ends ours with SIGBUS at the next touch of a page that is gone (so does a disk that fails under a page),
// and one that is overwritten changes under us after it was checked. Checks bound every access by the size at
// open; model files must be left alone, or replaced by rename, while a server runs.
class MappedFile {
 public:
  // Regular files and links to them, of at least one byte. Errors begin with the path; a missing file is
  // kNotFound, all else kInvalidArgument. Opening never waits (a named pipe is refused).
  static Result<MappedFile> open(const std::string& path);

  MappedFile(MappedFile&& other) noexcept;
  MappedFile& operator=(MappedFile&& other) noexcept;
  ~MappedFile();

  std::span<const std::byte> bytes() const { return {data_, size_}; }
  // Which file it was when it was opened, its size and when it was last changed: another text, other bytes.
  const std::string& identity() const { return identity_; }

  // The pages that `part` of bytes() touches leave our resident memory; they come back from the file when
  // they are read again, so this is never wrong, only slow when they are still needed.
  void drop(std::span<const std::byte> part) const;

 private:
  MappedFile(const std::byte* data, size_t size, std::string identity)
      : data_(data), size_(size), identity_(std::move(identity)) {}
  const std::byte* data_ = nullptr;
  size_t size_ = 0;
  std::string identity_;
};

}  // namespace quire
