#include "weights/cached_weights.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>

#include "base/align.h"

namespace quire {
namespace {

constexpr size_t kPage = 4096, kHugePage = size_t{2} << 20;

std::byte* at_huge_page(void* from) {
  const auto at = reinterpret_cast<uintptr_t>(from);
  return static_cast<std::byte*>(from) + (align_up(at, kHugePage) - at);
}

}  // namespace

std::unique_ptr<CachedWeights> CachedWeights::map(const std::string& path, size_t begin, size_t bytes) {
  std::unique_ptr<CachedWeights> w(new CachedWeights);
  const size_t room = align_up(bytes, kHugePage) + kHugePage;
  void* reserved = ::mmap(nullptr, room, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (reserved == MAP_FAILED) return nullptr;
  w->reserved_ = reserved;
  w->reserved_bytes_ = room;
  w->data_ = at_huge_page(reserved);
  w->bytes_ = bytes;
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return nullptr;
  void* data = ::mmap(w->data_, bytes, PROT_READ, MAP_PRIVATE | MAP_FIXED, fd, static_cast<off_t>(begin));
  ::close(fd);
  return data != MAP_FAILED ? std::move(w) : nullptr;
}

CachedWeights::~CachedWeights() {
  if (reserved_ != nullptr) ::munmap(reserved_, reserved_bytes_);
}

void CachedWeights::move_to_memory(const std::atomic<bool>& stop) {
  constexpr size_t kPart = 16 * kHugePage;
  for (size_t at = 0; at < bytes_ && !stop; at += kPart) {
    const size_t bytes = std::min(kPart, align_up(bytes_ - at, kPage));
    const size_t room = kPart + kHugePage;
    void* base =
        ::mmap(nullptr, room, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (base == MAP_FAILED) return;
    std::byte *begin = static_cast<std::byte*>(base), *to = at_huge_page(base);
    ::madvise(to, bytes, MADV_HUGEPAGE);
    std::memcpy(to, data_ + at, std::min(bytes, bytes_ - at));
    // One step for all who read: they meet the file's pages or ours, and both hold the same.
    const bool moved = ::mprotect(to, bytes, PROT_READ) == 0 &&
                       ::mremap(to, bytes, bytes, MREMAP_MAYMOVE | MREMAP_FIXED, data_ + at) != MAP_FAILED;
    ::munmap(begin, static_cast<size_t>(to - begin));
    if (!moved) ::munmap(to, bytes);
    ::munmap(to + bytes, static_cast<size_t>(begin + room - (to + bytes)));
    if (!moved) return;
  }
}

}  // namespace quire
