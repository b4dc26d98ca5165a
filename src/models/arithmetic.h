// What a forward pass must do and read at least, counted from the spec: its products and its attention. All
// else (norms, rotations, sampling) is small beside them. A product and a sum are two operations.
#pragma once
#include <cstdint>

#include "models/spec.h"

namespace quire {

class Arithmetic {
 public:
  explicit Arithmetic(const ModelSpec& spec) : spec_(spec) {}  // which outlives this

  // Of the positions [first, first + count) of one sequence, of which `logits` have their logits computed.
  double operations(int64_t first, int64_t count, int64_t logits) const;

  // Elements of weights that a step of `rows` rows reads once, the head included, a table of embeddings not.
  // Experts: as many as the rows can choose, at most.
  double weights(int64_t rows) const;

  // Elements of keys and values that one position reads which sees `context` positions, itself among them.
  double cache(int64_t context) const;

 private:
  const ModelSpec& spec_;
};

}  // namespace quire
