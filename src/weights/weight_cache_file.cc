#include "weights/weight_cache_file.h"

#include <algorithm>
#include <cstring>

#include "base/checked.h"

namespace quire {
namespace {

constexpr uint64_t kMagic = 0x31304b4341505551;  // "QUPACK01"
constexpr size_t kPage = 4096;

struct Head {
  uint64_t magic = kMagic, key_bytes = 0, pieces = 0, data_bytes = 0;
  uint64_t sum = 0;  // of all that stands before the data, this being 0
};

// Reads numbers and refuses to read beyond the end.
class Reader {
 public:
  explicit Reader(std::span<const std::byte> bytes) : bytes_(bytes) {}
  template <class T>
  bool read(T* to, uint64_t count) {
    const auto size = (Checked(count) * sizeof(T)).value();
    if (!size || *size > bytes_.size() - at_) return false;
    if (*size > 0) std::memcpy(to, bytes_.data() + at_, *size);  // an empty vector has no data
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

}  // namespace

uint64_t sum_of_bytes(std::span<const std::byte> bytes) {
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

std::string cache_head(const std::string& key, const CacheTable& table) {
  Head head{.key_bytes = key.size(), .pieces = table.places.size(), .data_bytes = table.data_bytes};
  std::string text;
  const auto append = [&text](const void* from, size_t bytes) {
    text.append(static_cast<const char*>(from), bytes);
  };
  append(&head, sizeof head);
  text += key;
  append(table.places.data(), table.places.size() * sizeof(CacheTable::Place));
  append(table.sums.data(), table.sums.size() * sizeof(uint64_t));
  text.resize((text.size() + kPage - 1) / kPage * kPage);
  head.sum = sum_of_bytes(std::as_bytes(std::span(text)));
  std::memcpy(text.data(), &head, sizeof head);
  return text;
}

std::optional<CacheTable> read_cache_head(std::span<const std::byte> file, const std::string& key,
                                          size_t& begin) {
  Reader reader(file);
  Head head;
  if (!reader.read(&head, 1) || head.magic != kMagic || head.key_bytes != key.size()) return std::nullopt;
  std::string kept(key.size(), '\0');
  if (!reader.read(kept.data(), kept.size()) || kept != key || head.data_bytes > file.size())
    return std::nullopt;
  CacheTable table;
  table.data_bytes = head.data_bytes;
  if (!reader.read(table.places, head.pieces) || !reader.read(table.sums, cache_slices(head.data_bytes)))
    return std::nullopt;
  const std::string whole = cache_head(key, table);
  begin = whole.size();
  if (begin > file.size() || file.size() - begin != head.data_bytes) return std::nullopt;
  if (!std::ranges::equal(std::as_bytes(std::span(whole)), file.first(begin))) return std::nullopt;
  for (const CacheTable::Place& p : table.places)
    if (p.offset > head.data_bytes || p.bytes > head.data_bytes - p.offset) return std::nullopt;
  return table;
}

}  // namespace quire
