// Weights that were kept for the next start are, bit by bit, those that a checkpoint gives.
#include <doctest/doctest.h>

#include <cstring>
#include <filesystem>

#include "backend/backend.h"
#include "models/inventory.h"
#include "models/loader.h"
#include "tests/models/expected.h"
#include "tests/scratch_folder.h"

namespace quire {
namespace {

struct Loaded {
  std::unique_ptr<Checkpoint> checkpoint;
  ModelSpec spec;
  std::unique_ptr<Backend> backend;
  std::unique_ptr<LoadedWeights> weights;
};

Loaded load(const std::string& folder, std::string_view backend, const WeightCache* cache) {
  Loaded l;
  auto checkpoint = Checkpoint::open(folder);
  REQUIRE(checkpoint.ok());
  l.checkpoint = std::move(checkpoint).value();
  auto spec = read_spec(l.checkpoint->config(), folder);
  REQUIRE(spec.ok());
  l.spec = std::move(spec).value();
  settle_head(l.spec, *l.checkpoint);
  auto made = make_backend(backend, {});
  REQUIRE(made.ok());
  l.backend = std::move(made).value();
  auto weights = LoadedWeights::load(l.spec, {.checkpoint = l.checkpoint.get()}, *l.backend, {}, cache);
  REQUIRE_MESSAGE(weights.ok(), weights.status().message());
  l.weights = std::move(weights).value();
  return l;
}

// The weights of both in the order of the inventory, whose entries point into a copy.
std::vector<Weight> all_of(const Loaded& l) {
  ModelWeights copy;
  const std::vector<Entry> entries = inventory(l.spec, copy);
  copy = l.weights->weights();  // in place: of the same shape
  std::vector<Weight> all;
  for (const Entry& e : entries) all.push_back(*e.to);
  return all;
}

void check_same(const Loaded& a, const Loaded& b) {
  const std::vector<Weight> x = all_of(a), y = all_of(b);
  REQUIRE(x.size() == y.size());
  for (size_t i = 0; i < x.size(); ++i) {
    INFO("weight ", i);
    REQUIRE((x[i].layout == y[i].layout && x[i].out == y[i].out && x[i].in == y[i].in &&
             x[i].count == y[i].count));
    const bool vector = x[i].layout.order == Order::kRows && x[i].out == 1;
    const size_t bytes = vector ? static_cast<size_t>(x[i].in) * 4 : a.backend->weight_bytes(x[i]);
    CHECK(std::memcmp(x[i].data, y[i].data, bytes) == 0);
    REQUIRE((x[i].bias == nullptr) == (y[i].bias == nullptr));
    if (x[i].bias != nullptr)
      CHECK(std::memcmp(x[i].bias, y[i].bias,
                        sizeof(float) * static_cast<size_t>(x[i].count) * static_cast<size_t>(x[i].out)) ==
            0);
  }
}

TEST_CASE("kept weights are the checkpoint's, of every family") {
  const std::atomic<bool> go_on{false};
  for (const auto& model : std::filesystem::directory_iterator(goldens_folder()))
    for (const std::string_view backend : {"cpu", "ref"}) {
      const std::string folder = model.path();
      INFO(folder, " ", backend);
      const ScratchFolder scratch;
      const WeightCache cache(scratch.file("weights"), int64_t{1} << 40);
      const Loaded first = load(folder, backend, &cache);
      CHECK_FALSE(first.weights->from_cache());
      REQUIRE(first.weights->settle(cache, go_on).ok());
      const Loaded second = load(folder, backend, &cache);
      REQUIRE(second.weights->from_cache());
      check_same(first, second);
      REQUIRE(second.weights->settle(cache, go_on).ok());
      check_same(first, second);
    }
}

TEST_CASE("another file is another key") {
  const std::atomic<bool> go_on{false};
  const ScratchFolder scratch;
  const std::string copy = scratch.file("model");
  std::filesystem::copy(QUIRE_TEST_DATA "/../demo", copy);
  const WeightCache cache(scratch.file("weights"), int64_t{1} << 40);
  REQUIRE(load(copy, "cpu", &cache).weights->settle(cache, go_on).ok());
  CHECK(load(copy, "cpu", &cache).weights->from_cache());
  std::filesystem::last_write_time(copy + "/model.safetensors",
                                   std::filesystem::file_time_type::clock::now());
  CHECK_FALSE(load(copy, "cpu", &cache).weights->from_cache());
}

}  // namespace
}  // namespace quire
