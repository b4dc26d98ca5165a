// The form of a file of the weight cache (weight_cache.h): a head, the key, the place of each piece, the sum
// of each slice of the data, filled up to a page; then the data. Numbers are of 64 bits, in the machine's
// order.
#pragma once
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace quire {

inline constexpr size_t kCacheSlice = size_t{4} << 20;  // of data that has one sum

struct CacheTable {
  struct Place {
    uint64_t offset = 0, bytes = 0;  // within the data
  };
  uint64_t data_bytes = 0;
  std::vector<Place> places;
  std::vector<uint64_t> sums;  // of each slice
};

inline uint64_t cache_slices(uint64_t data_bytes) { return (data_bytes + kCacheSlice - 1) / kCacheSlice; }

// Two sums of words and of sums in each of eight lanes (Fletcher's checksum), mixed in the end: finds what
// disks and other programs do to files, not what an enemy does, who may not write there.
uint64_t sum_of_bytes(std::span<const std::byte> bytes);

// All that stands before the data.
std::string cache_head(const std::string& key, const CacheTable& table);

// The same read back from a whole file, which must have this key, its own length and places within the data.
// Where the data begin goes to `begin`.
std::optional<CacheTable> read_cache_head(std::span<const std::byte> file, const std::string& key,
                                          size_t& begin);

}  // namespace quire
