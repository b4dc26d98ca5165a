// Reads a model's weights into a backend's memory.
#pragma once
#include <functional>
#include <memory>
#include <vector>

#include "backend/backend.h"
#include "models/decoder.h"
#include "models/spec.h"
#include "weights/checkpoint.h"

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
  // `progress` gets the fraction done, on the caller's thread. Nothing stays allocated on failure.
  static Result<std::unique_ptr<LoadedWeights>> load(const ModelSpec&, const WeightSource&, Backend&,
                                                     const std::function<void(double)>& progress);
  ~LoadedWeights();
  LoadedWeights(const LoadedWeights&) = delete;
  LoadedWeights& operator=(const LoadedWeights&) = delete;

  const ModelWeights& weights() const { return weights_; }

 private:
  friend class Loading;
  explicit LoadedWeights(Backend& backend) : backend_(backend) {}
  Backend& backend_;
  ModelWeights weights_;
  std::vector<void*> memory_;
};

}  // namespace quire
