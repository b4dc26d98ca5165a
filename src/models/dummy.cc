#include "models/dummy.h"

#include <bit>
#include <cmath>
#include <cstdint>
#include <cstring>

#include "tensor/half.h"

namespace quire {
namespace {

// SplitMix64 (Steele, Lea, Flood: "Fast splittable pseudorandom number generators", OOPSLA 2014): its i-th
// output.
uint64_t random_word(uint64_t key, uint64_t i) {
  uint64_t z = key + (i + 1) * 0x9E3779B97F4A7C15u;
  z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9u;
  z = (z ^ z >> 27) * 0x94D049BB133111EBu;
  return z ^ z >> 31;
}

uint64_t row_key(uint64_t seed, const Part& part, int32_t row) {
  uint64_t k = random_word(seed, static_cast<uint64_t>(part.layer));
  k = random_word(k, static_cast<uint64_t>(part.expert));
  for (const char c : part.ours) k = random_word(k, static_cast<unsigned char>(c));
  return random_word(k, static_cast<uint64_t>(row));
}

// Numbers in [-32768, 32767] * scale, 16 random bits each.
template <class Put>
void fill_row(uint64_t key, int32_t in, float scale, Put put) {
  for (int32_t i = 0; i < in; i += 4) {
    const uint64_t word = random_word(key, static_cast<uint64_t>(i));
    for (int32_t j = 0; j < 4 && i + j < in; ++j)
      put(i + j, static_cast<float>(static_cast<int16_t>(word >> 16 * j)) * scale);
  }
}

}  // namespace

size_t dummy_elem_size(Elem elem) { return elem == Elem::kF32 ? 4 : 2; }

void fill_dummy(const WeightSource& source, const Part& part, Range rows, int32_t in,
                std::span<std::byte> to) {
  const float scale = 1.0f / std::sqrt(static_cast<float>(in)) / 32768.0f;
  const size_t size = dummy_elem_size(source.dummy_elem);
  QUIRE_CHECK(source.dummy_elem == Elem::kF32 || source.dummy_elem == Elem::kBF16);
  for (int32_t r = rows.begin; r < rows.end; ++r) {
    std::byte* row = to.data() + static_cast<size_t>(r - rows.begin) * static_cast<size_t>(in) * size;
    const uint64_t key = row_key(source.seed, part, r);
    if (source.dummy_elem == Elem::kF32)
      fill_row(key, in, scale, [&](int32_t i, float v) { reinterpret_cast<float*>(row)[i] = v; });
    else
      fill_row(key, in, scale,
               [&](int32_t i, float v) { reinterpret_cast<uint16_t*>(row)[i] = float_to_bf16(v); });
  }
}

}  // namespace quire
