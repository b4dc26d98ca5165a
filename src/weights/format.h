// How a checkpoint spells a matrix. One file per format in weights/formats/.
// Loader threads may call any of these at once.
#pragma once
#include <cstdint>
#include <span>
#include <string_view>

#include "base/status.h"
#include "weights/checkpoint.h"
#include "weights/weight.h"

namespace quire {

struct Range {  // of a dimension: a rank's share, or a piece that fits a buffer
  int32_t begin = 0, end = 0;
  int32_t size() const { return end - begin; }
};

struct StoredMatrix {  // as it would be in memory in order kRows
  WeightLayout layout;
  int32_t out = 0, in = 0;
};

struct WeightFormat {
  std::string_view name;
  // Is the matrix at `prefix` ("model.layers.0.mlp.up_proj") stored in this format?
  bool (*detect)(const Checkpoint&, std::string_view prefix);
  // Check its tensors and describe it.
  Result<StoredMatrix> (*describe)(const Checkpoint&, std::string_view prefix);
  // Bytes that repack() writes for this part.
  size_t (*bytes)(const StoredMatrix&, Range out, Range in);
  // Write a part of it in that layout: values, then scales, then zeros. Refuses a part that cuts a group, and
  // values (or scales) that are NaN or infinite: it looks at the bytes while they are in the cache, so a
  // loader that repacks everything has checked everything, at no cost beside reading the file.
  Status (*repack)(const Checkpoint&, std::string_view prefix, Range out, Range in, std::span<std::byte> to);
  // Reference: one row of an order kRows as floats. Every kernel for the layout is tested against it,
  // and a layout that no kernel wants becomes bf16 through it.
  void (*decode_row)(const Weight&, int32_t row, std::span<float> out);
};

std::span<const WeightFormat* const> weight_formats();  // in order of preference; weights/formats/all.cc

// The format of the matrix at `prefix`. None: the error says what was looked for and what the prefix has
// instead.
Result<const WeightFormat*> find_format(const Checkpoint&, std::string_view prefix);

}  // namespace quire
