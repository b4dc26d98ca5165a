// A weight matrix as it lies in memory: bytes, and a description of the bytes.
// Kernels choose themselves by the description, never by a format's name.
#pragma once
#include <cstdint>

#include "tensor/mat.h"

namespace quire {

enum class Elem : uint8_t { kF32, kBF16, kF16, kF8E4M3, kI8, kU4, kF4E2M1, kCodebook };
enum class Scale : uint8_t { kNone, kF16, kBF16, kF32, kE8M0, kF8E4M3 };

// In what order the elements lie. Formats write kRows; only backends know what the others mean.
enum class Order : uint8_t {
  kRows,     // row after row of the output dimension
  kPairs64,  // panels of 64 outputs side by side, pairs along the input: [out/64][in/2][64][2], zero-padded
};

struct WeightLayout {
  Elem elem = Elem::kBF16;
  Order order = Order::kRows;
  int32_t group_in = 0;   // elements of the input dimension that share a scale; 0: no scale
  int32_t group_out = 1;  // likewise of the output dimension
  Scale scale = Scale::kNone;
  bool zero_point = false;
  uint16_t codebook = 0;  // which, for kCodebook
  friend bool operator==(const WeightLayout&, const WeightLayout&) = default;
};

// A vector (a norm's weights, a bias) is one row of f32: out 1, in its length.
struct Weight {
  WeightLayout layout;
  int32_t out = 0, in = 0;
  int32_t count = 1;   // matrices of this shape one after the other: experts
  int64_t stride = 0;  // bytes from one to the next, of data; scales and zeros follow in proportion
  const void* data = nullptr;
  const void* scales = nullptr;
  const void* zeros = nullptr;
  const float* bias = nullptr;    // [count][out], on the device; null: none
  const int32_t* perm = nullptr;  // [in] which input stands at each place (act-order); null: in order

  explicit operator bool() const { return data != nullptr; }
};

}  // namespace quire
