// A folder of files that hold weights as a backend keeps them in memory, so that the next start maps one
// instead of reading and packing a checkpoint again. Every file may be deleted at any time, and is never
// believed unchecked: it must have the key that is looked for, its own length, and the right sums of all its
// bytes.
#pragma once
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <utility>

#include "base/status.h"
#include "base/thread_pool.h"
#include "weights/cached_weights.h"

namespace quire {

class WeightCache {
 public:
  static constexpr size_t kPieceAlign = 64;

  // Files of `folder` take at most `most_bytes` altogether, and never the last tenth of the disk.
  WeightCache(std::string folder, int64_t most_bytes) : folder_(std::move(folder)), most_bytes_(most_bytes) {}

  // Where the user's caches are ($XDG_CACHE_HOME or ~/.cache), quire/weights; empty: the user has no such
  // place.
  static std::string usual_folder();

  // What was kept under the key. Not there, or no longer what was kept: null. All threads check.
  std::unique_ptr<CachedWeights> find(const std::string& key, ThreadPool& threads) const;

  // Keeps the pieces under the key; those that were not used for the longest time make room. The folder is
  // made if need be, for this user only; one that others may write to is refused. Errors (no room, no
  // permission) leave nothing behind, and neither does `stop`.
  Status keep(const std::string& key, std::span<const std::span<const std::byte>> pieces,
              const std::atomic<bool>& stop) const;

  // Where find() looks.
  std::string path_of(const std::string& key) const;

 private:
  Status make_room(uint64_t bytes) const;

  std::string folder_;
  int64_t most_bytes_;
};

}  // namespace quire
