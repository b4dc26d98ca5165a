// Counts of operations and elements, beside sums over every position, head and expert written out.
#include "models/arithmetic.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <utility>

#include "models/inventory.h"

namespace quire {
namespace {

ModelSpec small_spec() {
  ModelSpec spec;
  spec.vocab = 11, spec.width = 8;
  spec.blocks.resize(2);
  spec.blocks[0].mix.heads = 4, spec.blocks[0].mix.kv_heads = 2, spec.blocks[0].mix.head_dim = 3;
  spec.blocks[0].mlp = Mlp{.width = 5};
  spec.blocks[1].mix = spec.blocks[0].mix;
  spec.blocks[1].mix.window = 4;
  spec.blocks[1].mlp = Moe{.experts = 6, .per_token = 2, .width = 7};
  return spec;
}

}  // namespace

TEST_CASE("operations are those of every product and every key that is seen") {
  const ModelSpec spec = small_spec();
  const Arithmetic a(spec);
  const double mix = 8 * (4 + 2 + 2) * 3 + 4 * 3 * 8, dense = 3 * 8 * 5, sparse = 8 * 6 + 2 * 3 * 8 * 7;
  for (const auto& [first, count] :
       {std::pair<int64_t, int64_t>{0, 1}, {0, 9}, {2, 5}, {7, 1}, {3, 1}, {5, 20}}) {
    CAPTURE(first);
    CAPTURE(count);
    double keys = 0;
    for (int64_t p = first; p < first + count; ++p)
      keys += static_cast<double>(p + 1) + static_cast<double>(std::min<int64_t>(4, p + 1));
    const double want =
        2 * (static_cast<double>(count) * (2 * mix + dense + sparse) + keys * 4 * 3 * 2 + 3 * 11 * 8);
    CHECK(a.operations(first, count, 3) == want);
  }
}

TEST_CASE("weights are the matrices of the inventory, experts as far as they can be chosen") {
  ModelSpec spec = small_spec();
  ModelWeights weights;
  double matrices = 0;
  for (const Entry& e : inventory(spec, weights))
    if (!e.vector && e.to != &weights.embed) matrices += static_cast<double>(e.elements());
  CHECK(Arithmetic(spec).weights(3) == matrices);
  CHECK(Arithmetic(spec).weights(100) == matrices);
  CHECK(Arithmetic(spec).weights(1) == matrices - 4 * 3 * 8 * 7);
  CHECK(Arithmetic(spec).cache(3) == 2 * 2 * 2 * 3 * 3);
  CHECK(Arithmetic(spec).cache(10) == 2 * 2 * 3 * (10 + 4));
}

}  // namespace quire
