// Any bytes as config.json: refused in words, or a spec whose weights can be listed and counted.
#include <cstdint>

#include "base/json.h"
#include "models/inventory.h"
#include "models/spec.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace quire;
  const auto json = parse_json({reinterpret_cast<const char*>(data), size});
  if (!json.ok()) return 0;
  const auto spec = read_spec(json.value(), "config.json");
  if (!spec.ok()) {
    QUIRE_CHECK(spec.status().message().starts_with("config.json: "));
    QUIRE_CHECK(spec.status().message().size() < 2000);
    return 0;
  }
  const ModelSpec& s = spec.value();
  QUIRE_CHECK(s.vocab > 0 && s.width > 0 && s.max_positions > 0 && !s.blocks.empty());
  ModelWeights weights;
  for (const Entry& e : inventory(s, weights)) {
    QUIRE_CHECK(e.out > 0 && e.in > 0 && e.count > 0 && e.elements() > 0);
    int64_t rows = 0;
    for (const Part& p : e.parts) rows += p.rows;
    QUIRE_CHECK(e.vector || rows == int64_t{e.out} * e.count);
  }
  return 0;
}
