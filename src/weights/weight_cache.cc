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
#include <filesystem>
#include <optional>
#include <system_error>

#include "base/align.h"
#include "weights/mapped_file.h"
#include "weights/weight_cache_file.h"

namespace quire {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kSuffix = ".weights";
constexpr size_t kNameDigits = 16;

// A file that we have written, or began to: nobody else's may go to make room.
bool is_ours(std::string_view name) {
  return name.find_first_not_of("0123456789abcdef") == kNameDigits &&
         name.substr(kNameDigits).starts_with(kSuffix);
}

std::span<const std::byte> bytes_of(const std::string& s) { return std::as_bytes(std::span(s)); }

Status refuse(const std::string& what) {
  return {Code::kInvalidArgument, what + ": " + std::generic_category().message(errno) + "."};
}

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
  std::snprintf(name, sizeof name, "%016llx", static_cast<unsigned long long>(sum_of_bytes(bytes_of(key))));
  return folder_ + '/' + name + std::string(kSuffix);
}

std::unique_ptr<CachedWeights> WeightCache::find(const std::string& key, ThreadPool& threads) const {
  const std::string path = path_of(key);
  std::error_code failed;
  if (!fs::exists(path, failed) || !check_folder(folder_).ok()) return nullptr;
  const Result<MappedFile> file = MappedFile::open(path);
  if (!file.ok()) return nullptr;
  size_t begin = 0;
  const std::optional<CacheTable> table = read_cache_head(file.value().bytes(), key, begin);
  if (!table) return nullptr;
  std::unique_ptr<CachedWeights> found = CachedWeights::map(path, begin, table->data_bytes);
  if (!found) return nullptr;
  for (const CacheTable::Place& p : table->places) found->add_piece(p.offset, p.bytes);
  std::atomic<bool> right{true};
  threads.run(static_cast<int32_t>(table->sums.size()), [&](int32_t slice, int32_t) {
    const size_t first = static_cast<size_t>(slice) * kCacheSlice;
    const auto part = found->bytes().subspan(first, std::min(kCacheSlice, found->bytes().size() - first));
    ::madvise(const_cast<std::byte*>(part.data()), part.size(), MADV_POPULATE_READ);  // a wish
    if (sum_of_bytes(part) != table->sums[static_cast<size_t>(slice)]) right = false;
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
    if (!e.is_regular_file(gone) || !is_ours(name)) continue;
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
  CacheTable table;
  for (const auto& p : pieces) {
    table.places.push_back({table.data_bytes, p.size()});
    table.data_bytes = align_up(table.data_bytes + p.size(), kPieceAlign);
  }
  // The sums of the data go before it, and are known after it: zeros hold their place.
  table.sums.resize(cache_slices(table.data_bytes));
  const std::string head = cache_head(key, table);
  if (Status s = make_room(head.size() + table.data_bytes); !s.ok()) return s;

  const std::string path = path_of(key), partial = path + ".partial." + std::to_string(::getpid());
  const int fd = ::open(partial.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (fd < 0) return refuse(partial);
  std::vector<std::byte> slice;
  size_t done = 0;
  bool well = write_all(fd, bytes_of(head), stop);
  const auto flush = [&](bool last) {
    if (!well || slice.empty() || (slice.size() < kCacheSlice && !last)) return;
    table.sums[done++] = sum_of_bytes(slice);
    well = write_all(fd, slice, stop);
    slice.clear();
  };
  for (const auto& p : pieces) {
    for (size_t at = 0; at < p.size() && well;) {
      const size_t bytes = std::min(p.size() - at, kCacheSlice - slice.size());
      slice.insert(slice.end(), p.begin() + static_cast<ptrdiff_t>(at),
                   p.begin() + static_cast<ptrdiff_t>(at + bytes));
      at += bytes;
      flush(false);
    }
    slice.resize(align_up(slice.size(), kPieceAlign));  // a slice is a multiple of it
    flush(false);
  }
  flush(true);
  well = well && ::lseek(fd, 0, SEEK_SET) == 0 && write_all(fd, bytes_of(cache_head(key, table)), stop);
  Status status = well ? Status{} : refuse(partial);
  ::close(fd);
  if (well && ::rename(partial.c_str(), path.c_str()) == 0) return status;
  if (well) status = refuse(path);
  ::unlink(partial.c_str());
  return status;
}

}  // namespace quire
