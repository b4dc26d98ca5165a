// Random weights for --load-format dummy: what a benchmark of a shape needs when there is no checkpoint.
#pragma once
#include <cstddef>
#include <span>

#include "models/inventory.h"
#include "models/loader.h"
#include "weights/format.h"

namespace quire {

size_t dummy_elem_size(Elem elem);  // f32 4, bf16 2; there are no others

// Uniform in +-1/sqrt(in), so that activations keep their size; a function of (seed, part, row) alone. `to`
// holds rows.size() * in elements of source.dummy_elem.
void fill_dummy(const WeightSource& source, const Part& part, Range rows, int32_t in,
                std::span<std::byte> to);

}  // namespace quire
