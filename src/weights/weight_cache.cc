#include "weights/weight_cache.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <system_error>

#include "base/checked.h"
#include "weights/mapped_file.h"

namespace quire {
namespace {

namespace fs = std::filesystem;

constexpr uint64_t kMagic = 0x31304b4341505551;  // "QUPACK01"
constexpr size_t kPage = 4096, kHugePage = size_t{2} << 20;
constexpr size_t kSlice = size_t{4} << 20;  // of data that has one sum
constexpr const char* kSuffix = ".weights";

struct Head {
  uint64_t magic = kMagic, key_bytes = 0, pieces = 0, data_bytes = 0;
  uint64_t sum = 0;  // of all that stands before the data, this being 0
};
struct Place {
  uint64_t offset = 0, bytes = 0;  // within the data
};

constexpr uint64_t align_up(uint64_t n, uint64_t to) { return (n + to - 1) / to * to; }
uint64_t slices_of(uint64_t bytes) { return (bytes + kSlice - 1) / kSlice; }

// Two sums of words and of sums in each of eight lanes (Fletcher's checksum), mixed in the end: finds what
// disks and other programs do to files, not what an enemy does, who may not write here.
uint64_t sum_of(std::span<const std::byte> bytes) {
  constexpr size_t kLanes = 8;
  uint64_t a[kLanes] = {}, b[kLanes] = {}, words[kLanes];
  size_t i = 0;
  const auto add = [&] {
    for (size_t l = 0; l < kLanes; ++l) a[l] += words[l], b[l] += a[l];
  };
  for (; i + sizeof words <= bytes.size(); i += sizeof words) {
    std::memcpy(words, bytes.data() + i, sizeof words);
    add();
  }
  std::memset(words, 0, sizeof words);
  if (i < bytes.size()) std::memcpy(words, bytes.data() + i, bytes.size() - i);
  add();
  uint64_t sum = bytes.size();
  const auto mix = [&sum](uint64_t v) {
    sum = (sum ^ v) * 0x9E3779B97F4A7C15;
    sum ^= sum >> 32;
  };
  for (size_t l = 0; l < kLanes; ++l) mix(a[l]), mix(b[l]);
  return sum;
}

std::span<const std::byte> bytes_of(const std::string& s) {
  return std::as_bytes(std::span(s.data(), s.size()));
}

Status refuse(const std::string& what) {
  return {Code::kInvalidArgument, what + ": " + std::generic_category().message(errno) + "."};
}

// All that stands before the data.
std::string head_of(const std::string& key, std::span<const Place> places, std::span<const uint64_t> sums,
                    uint64_t data_bytes) {
  Head head{.key_bytes = key.size(), .pieces = places.size(), .data_bytes = data_bytes};
  const auto append = [](std::string& to, const void* from, size_t bytes) {
    to.append(static_cast<const char*>(from), bytes);
  };
  std::string text;
  append(text, &head, sizeof head);
  text += key;
  append(text, places.data(), places.size_bytes());
  append(text, sums.data(), sums.size_bytes());
  text.resize(align_up(text.size(), kPage));
  head.sum = sum_of(bytes_of(text));
  std::memcpy(text.data(), &head, sizeof head);
  return text;
}

// Reads numbers and refuses to read beyond the end.
class Reader {
 public:
  explicit Reader(std::span<const std::byte> bytes) : bytes_(bytes) {}
  template <class T>
  bool read(T* to, uint64_t count) {
    const auto size = (Checked(count) * sizeof(T)).value();
    if (!size || *size > bytes_.size() - at_) return false;
    std::memcpy(to, bytes_.data() + at_, *size);
    at_ += *size;
    return true;
  }
  template <class T>
  bool read(std::vector<T>& to, uint64_t count) {
    if (count > (bytes_.size() - at_) / sizeof(T)) return false;
    to.resize(count);
    return read(to.data(), count);
  }
  size_t at() const { return at_; }

 private:
  std::span<const std::byte> bytes_;
  size_t at_ = 0;
};

bool write_all(int fd, std::span<const std::byte> bytes, const std::atomic<bool>& stop) {
  while (!bytes.empty()) {
    if (stop) return errno = EINTR, false;
    const ssize_t n = ::write(fd, bytes.data(), std::min(bytes.size(), size_t{8} << 20));
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return false;
    bytes = bytes.subspan(static_cast<size_t>(n));
  }
  return true;
}

// Ours, and nobody else may write: what is in it decides what the model says.
Status check_folder(const std::string& folder) {
  std::error_code failed;
  fs::create_directories(fs::path(folder).parent_path(), failed);
  if (::mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST) return refuse(folder);
  struct stat info = {};
  if (::stat(folder.c_str(), &info) != 0) return refuse(folder);
  if (!S_ISDIR(info.st_mode) || info.st_uid != ::geteuid() || (info.st_mode & 022) != 0)
    return {Code::kInvalidArgument,
            folder + ": must be a folder of this user's that no other user may write to."};
  return {};
}

}  // namespace

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
    auto* begin = static_cast<std::byte*>(base);
    auto* to = begin +
               (align_up(reinterpret_cast<uintptr_t>(begin), kHugePage) - reinterpret_cast<uintptr_t>(begin));
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

std::string WeightCache::usual_folder() {
  const auto folder = [](const char* name) {
    const char* value = std::getenv(name);
    return std::string(value != nullptr && value[0] == '/' ? value : "");
  };
  if (const std::string caches = folder("XDG_CACHE_HOME"); !caches.empty()) return caches + "/quire/weights";
  if (const std::string home = folder("HOME"); !home.empty()) return home + "/.cache/quire/weights";
  return {};
}

std::string WeightCache::path_of(const std::string& key) const {
  char name[17];
  std::snprintf(name, sizeof name, "%016llx", static_cast<unsigned long long>(sum_of(bytes_of(key))));
  return folder_ + '/' + name + kSuffix;
}

std::unique_ptr<CachedWeights> WeightCache::find(const std::string& key, ThreadPool& threads) const {
  const std::string path = path_of(key);
  std::error_code failed;
  if (!fs::exists(path, failed) || !check_folder(folder_).ok()) return nullptr;
  Result<MappedFile> opened = MappedFile::open(path);
  if (!opened.ok()) return nullptr;
  const std::span<const std::byte> all = opened.value().bytes();

  Head head;
  std::string kept_key;
  std::vector<Place> places;
  std::vector<uint64_t> sums;
  Reader reader(all);
  if (!reader.read(&head, 1) || head.magic != kMagic || head.key_bytes != key.size()) return nullptr;
  kept_key.resize(key.size());
  if (!reader.read(kept_key.data(), key.size()) || kept_key != key) return nullptr;
  if (head.data_bytes > all.size() || !reader.read(places, head.pieces) ||
      !reader.read(sums, slices_of(head.data_bytes)))
    return nullptr;
  const size_t begin = align_up(reader.at(), kPage);
  if (begin > all.size() || all.size() - begin != head.data_bytes) return nullptr;
  if (head_of(key, places, sums, head.data_bytes) !=
      std::string(reinterpret_cast<const char*>(all.data()), begin))
    return nullptr;

  std::unique_ptr<CachedWeights> found(new CachedWeights);
  found->bytes_ = head.data_bytes;
  found->reserved_bytes_ = align_up(head.data_bytes, kHugePage) + kHugePage;
  void* reserved =
      ::mmap(nullptr, found->reserved_bytes_, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (reserved == MAP_FAILED) return nullptr;
  found->reserved_ = reserved;
  const auto at = reinterpret_cast<uintptr_t>(reserved);
  found->data_ = static_cast<std::byte*>(reserved) + (align_up(at, kHugePage) - at);
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return nullptr;
  void* data = ::mmap(found->data_, head.data_bytes, PROT_READ, MAP_PRIVATE | MAP_FIXED, fd,
                      static_cast<off_t>(begin));
  ::close(fd);
  if (data == MAP_FAILED) return nullptr;
  for (const Place& p : places) {
    if (p.offset > head.data_bytes || p.bytes > head.data_bytes - p.offset || p.offset % kPieceAlign != 0)
      return nullptr;
    found->pieces_.emplace_back(found->data_ + p.offset, p.bytes);
  }
  std::atomic<bool> right{true};
  threads.run(static_cast<int32_t>(sums.size()), [&](int32_t slice, int32_t) {
    const size_t first = static_cast<size_t>(slice) * kSlice;
    const std::span<const std::byte> part(found->data_ + first, std::min(kSlice, found->bytes_ - first));
    ::madvise(const_cast<std::byte*>(part.data()), part.size(), MADV_POPULATE_READ);  // a wish
    if (sum_of(part) != sums[static_cast<size_t>(slice)]) right = false;
  });
  if (!right) {
    fs::remove(path, failed);
    return nullptr;
  }
  ::utimensat(AT_FDCWD, path.c_str(), nullptr, 0);  // used now
  return found;
}

Status WeightCache::make_room(uint64_t bytes) const {
  struct File {
    fs::path path;
    uint64_t bytes;
    fs::file_time_type used;
  };
  std::vector<File> files;
  std::error_code failed;
  uint64_t taken = 0;
  for (const fs::directory_entry& e : fs::directory_iterator(folder_, failed)) {
    std::error_code gone;
    const std::string name = e.path().filename();
    if (!e.is_regular_file(gone) || name.find(kSuffix) == std::string::npos) continue;
    const File file = {e.path(), e.file_size(gone), e.last_write_time(gone)};
    taken += file.bytes;
    // What another process writes just now is left alone; after an hour, it has died over it.
    const bool written = !name.ends_with(kSuffix);
    if (written && fs::file_time_type::clock::now() - file.used < std::chrono::hours(1)) continue;
    files.push_back(file);
    if (written) files.back().used = fs::file_time_type::min();
  }
  std::ranges::sort(files, {}, &File::used);
  const fs::space_info disk = fs::space(folder_, failed);
  if (failed) return {Code::kInvalidArgument, folder_ + ": " + failed.message() + "."};
  uint64_t free = disk.available;
  const uint64_t most = static_cast<uint64_t>(std::max<int64_t>(0, most_bytes_)), spare = disk.capacity / 10;
  for (const File& f : files) {
    if (bytes <= most && taken + bytes <= most && free >= bytes + spare) break;
    if (bytes > most) break;
    if (!fs::remove(f.path, failed)) continue;
    taken -= f.bytes;
    free += f.bytes;
  }
  if (bytes > most || taken + bytes > most)
    return {Code::kInvalidArgument, folder_ + ": " + std::to_string(bytes) +
                                        " bytes of weights do not fit beside what is kept; at most " +
                                        std::to_string(most) + " are allowed."};
  if (free < bytes + spare)
    return {Code::kInvalidArgument, folder_ + ": the disk has " + std::to_string(free) + " bytes free; " +
                                        std::to_string(bytes) +
                                        " are needed, and a tenth of the disk is left free."};
  return {};
}

Status WeightCache::keep(const std::string& key, std::span<const std::span<const std::byte>> pieces,
                         const std::atomic<bool>& stop) const {
  if (Status s = check_folder(folder_); !s.ok()) return s;
  std::vector<Place> places;
  uint64_t data_bytes = 0;
  for (const auto& p : pieces) {
    places.push_back({data_bytes, p.size()});
    data_bytes = align_up(data_bytes + p.size(), kPieceAlign);
  }
  if (Status s = make_room(data_bytes + kPage + key.size() + places.size() * sizeof(Place)); !s.ok())
    return s;

  const std::string path = path_of(key), partial = path + ".partial." + std::to_string(::getpid());
  const int fd = ::open(partial.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (fd < 0) return refuse(partial);
  // The sums of the data go before it, and are known after it: zeros hold their place.
  std::vector<uint64_t> sums(slices_of(data_bytes));
  std::vector<std::byte> slice;
  size_t done = 0;
  bool well = write_all(fd, bytes_of(head_of(key, places, sums, data_bytes)), stop);
  const auto flush = [&](bool last) {
    if (!well || slice.empty() || (slice.size() < kSlice && !last)) return;
    sums[done++] = sum_of(slice);
    well = write_all(fd, slice, stop);
    slice.clear();
  };
  for (const auto& p : pieces) {
    for (size_t at = 0; at < p.size() && well;) {
      const size_t bytes = std::min(p.size() - at, kSlice - slice.size());
      slice.insert(slice.end(), p.begin() + static_cast<ptrdiff_t>(at),
                   p.begin() + static_cast<ptrdiff_t>(at + bytes));
      at += bytes;
      flush(false);
    }
    slice.resize(align_up(slice.size(), kPieceAlign));  // a slice is a multiple of it
    flush(false);
  }
  flush(true);
  well = well && ::lseek(fd, 0, SEEK_SET) == 0 &&
         write_all(fd, bytes_of(head_of(key, places, sums, data_bytes)), stop);
  Status status = well ? Status{} : refuse(partial);
  ::close(fd);
  if (well && ::rename(partial.c_str(), path.c_str()) == 0) return status;
  if (well) status = refuse(path);
  ::unlink(partial.c_str());
  return status;
}

}  // namespace quire
