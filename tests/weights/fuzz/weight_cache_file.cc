// The head of a file of the weight cache: whatever it holds, what is read of it lies within the file.
#include "weights/weight_cache_file.h"

#include "base/status.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace quire;
  const auto file = std::as_bytes(std::span(data, size));
  size_t begin = 0;
  const auto table = read_cache_head(file, "key", begin);
  if (!table) return 0;
  QUIRE_CHECK(begin <= size && size - begin == table->data_bytes);
  QUIRE_CHECK(table->sums.size() == cache_slices(table->data_bytes));
  for (const CacheTable::Place& p : table->places)
    QUIRE_CHECK(p.offset <= table->data_bytes && p.bytes <= table->data_bytes - p.offset);
  return 0;
}
