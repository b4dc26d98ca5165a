#include "backends/host_memory.h"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <limits>
#include <optional>
#include <string_view>

#include "base/checked.h"

namespace quire {
namespace {

constexpr size_t kLarge = size_t{1} << 20, kHugePage = size_t{2} << 20, kAlign = 64;
constexpr size_t kNoLimit = std::numeric_limits<size_t>::max();

struct Header {  // in the kAlign bytes before a large piece
  void* base;
  size_t bytes;  // of the whole mapping
};
static_assert(sizeof(Header) <= kAlign);

Header* header_of(void* data) { return reinterpret_cast<Header*>(static_cast<char*>(data) - kAlign); }

// Only large pieces stand at a multiple of a huge page: that is how release tells them apart.
bool is_large(const void* data) { return reinterpret_cast<uintptr_t>(data) % kHugePage == 0; }

// From malloc and of the exact size, so that a sanitizer sees each byte read or written beside it.
void* small_piece(size_t bytes) {
  void* data = nullptr;
  if (posix_memalign(&data, kAlign, std::max(bytes, size_t{1})) != 0) return nullptr;
  if (!is_large(data)) return data;
  void* other = small_piece(bytes);
  std::free(data);
  return other;
}

char* align_up(char* p, size_t to) {
  const auto n = reinterpret_cast<uintptr_t>(p);
  return p + ((to - n % to) % to);
}

Status no_memory(size_t bytes, size_t free) {
  return {Code::kOutOfMemory, "cannot allocate " + std::to_string(bytes) + " bytes of memory: about " +
                                  std::to_string(free) +
                                  " are free; use a smaller model, cache or batch, or free some memory"};
}

// The number after `key` ("MemAvailable:"), in the file's own unit. An empty key: the file's first word.
std::optional<size_t> number_in(const std::string& path, std::string_view key) {
  std::ifstream file(path);
  std::string word;
  while (file >> word) {
    if (!key.empty() && word != key) continue;
    if (!key.empty() && !(file >> word)) break;
    char* end = nullptr;
    const unsigned long long n = std::strtoull(word.c_str(), &end, 10);
    if (end == word.c_str() || *end != 0) return std::nullopt;  // "max"
    return n;
  }
  return std::nullopt;
}

struct GroupFiles {  // how the two versions of control groups call the same things
  std::string_view limit, used, inactive, active;
};
constexpr GroupFiles kV2 = {"memory.max", "memory.current", "inactive_file", "active_file"};
constexpr GroupFiles kV1 = {"memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file",
                            "total_active_file"};

size_t free_in_group(const std::string& folder, const GroupFiles& names) {
  const auto limit = number_in(folder + "/" + std::string(names.limit), "");
  const auto used = number_in(folder + "/" + std::string(names.used), "");
  if (!limit || !used) return kNoLimit;
  const std::string stat = folder + "/memory.stat";
  const size_t files =
      number_in(stat, names.inactive).value_or(0) + number_in(stat, names.active).value_or(0);
  const size_t held = *used - std::min(*used, files);
  return *limit - std::min(*limit, held);
}

// The least of a group and all groups around it. In a container the path in /proc may be the host's, of which
// nothing is mounted but the top.
size_t free_in_groups(const std::string& top, std::string path, const GroupFiles& names) {
  size_t least = kNoLimit;
  while (true) {
    while (!path.empty() && path.back() == '/') path.pop_back();
    least = std::min(least, free_in_group(top + path, names));
    if (path.empty()) return least;
    const size_t slash = path.rfind('/');
    path.resize(slash == std::string::npos ? 0 : slash);
  }
}

}  // namespace

Result<void*> allocate_host_memory(size_t bytes) {
  if (bytes < kLarge) {
    void* data = small_piece(bytes);
    if (data == nullptr) return no_memory(bytes, free_host_memory());
    std::memset(data, 0, bytes);
    return data;
  }
  // What is not touched is not refused by the kernel: the process would end later, without a sentence.
  const size_t free = free_host_memory();
  const auto total = (Checked(bytes) + kAlign + kHugePage).value();
  if (bytes > free || !total) return no_memory(bytes, free);
  void* base =
      mmap(nullptr, *total, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (base == MAP_FAILED) return no_memory(bytes, free);
  char* data = align_up(static_cast<char*>(base) + kAlign, kHugePage);
  madvise(data, bytes, MADV_HUGEPAGE);  // a wish: failure changes nothing but speed
  *header_of(data) = {base, *total};
  return static_cast<void*>(data);
}

void release_host_memory(void* data) {
  if (data == nullptr) return;
  if (!is_large(data)) {
    std::free(data);
    return;
  }
  const Header header = *header_of(data);
  munmap(header.base, header.bytes);
}

size_t free_host_memory(const std::string& root) {
  const auto available = number_in(root + "/proc/meminfo", "MemAvailable:");
  size_t least = available ? *available * 1024 : kNoLimit;
  std::ifstream groups(root + "/proc/self/cgroup");
  for (std::string line; std::getline(groups, line);) {  // id:controllers:path
    const size_t first = line.find(':'), second = line.find(':', first + 1);
    if (first == std::string::npos || second == std::string::npos) continue;
    std::string controllers = line.substr(first, second - first + 1);
    controllers.front() = controllers.back() = ',';
    const std::string path = line.substr(second + 1);
    if (controllers == ",,") least = std::min(least, free_in_groups(root + "/sys/fs/cgroup", path, kV2));
    if (controllers.find(",memory,") != std::string::npos)
      least = std::min(least, free_in_groups(root + "/sys/fs/cgroup/memory", path, kV1));
  }
  if (least != kNoLimit) return least;  // else there is no /proc here
  return static_cast<size_t>(std::max(0L, sysconf(_SC_AVPHYS_PAGES)) * std::max(0L, sysconf(_SC_PAGESIZE)));
}

}  // namespace quire
