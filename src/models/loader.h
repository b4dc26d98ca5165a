// Reads a model's weights into a backend's memory.
#pragma once
#include <functional>
#include <memory>
#include <vector>

#include "backend/backend.h"
#include "models/decoder.h"
#include "models/spec.h"
#include "weights/checkpoint.h"
#include "weights/weight_cache.h"

namespace quire {

struct WeightSource {
  const Checkpoint* checkpoint =
      nullptr;  // null: seeded random values, in the size of what a trained model has
  uint64_t seed = 0;
  Elem dummy_elem = Elem::kBF16;  // how the random ones would be stored
};

// What a model will take, from names, shapes and types alone.
struct WeightTotals {
  int64_t parameters = 0;
  int64_t bytes = 0;     // in the backend's memory
  bool rounded = false;  // some matrix is stored finer than the backend keeps it
};
// Says of every weight that is missing or has another shape or type than the spec's which one it is.
Result<WeightTotals> weigh(const ModelSpec&, const WeightSource&, const Backend&);

// If the checkpoint holds a head of its own beside a table that the config says is also the head, the file is
// believed, as in transformers 5.
void settle_head(ModelSpec& spec, const Checkpoint& checkpoint);

// The weights of a model in a backend's memory. The backend outlives it.
class LoadedWeights {
 public:
  // `progress` gets the fraction done, on the caller's thread. Nothing stays allocated on failure. With a
  // cache, a synchronous backend's weights come from there if they were kept.
  static Result<std::unique_ptr<LoadedWeights>> load(const ModelSpec&, const WeightSource&, Backend&,
                                                     const std::function<void(double)>& progress,
                                                     const WeightCache* cache = nullptr);
  ~LoadedWeights();
  LoadedWeights(const LoadedWeights&) = delete;
  LoadedWeights& operator=(const LoadedWeights&) = delete;

  const ModelWeights& weights() const { return weights_; }

  // What a process that stays may do while it works already, on a thread of low priority, until `stop`:
  // weights that came from the cache move to memory of their own, others are kept there.
  bool from_cache() const { return cached_ != nullptr; }
  Status settle(const WeightCache& cache, const std::atomic<bool>& stop);

 private:
  friend class Loading;
  explicit LoadedWeights(Backend& backend) : backend_(backend) {}
  Backend& backend_;
  ModelWeights weights_;
  void* memory_ = nullptr;  // of all weights; null: the cache's
  std::unique_ptr<CachedWeights> cached_;
  std::string key_;                                 // of the cache; empty: without one
  std::vector<std::span<const std::byte>> pieces_;  // of memory_, in their order
};

}  // namespace quire
