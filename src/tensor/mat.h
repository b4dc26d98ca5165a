// Every activation is a matrix of tokens by features. A Mat is a view of one:
// it owns nothing, so it is copied freely and passed by value.
#pragma once
#include <cstddef>
#include <cstdint>

#include "base/status.h"

namespace quire {

enum class DType : uint8_t { kF32, kBF16, kF16, kF8E4M3, kI8, kI32 };

constexpr size_t dtype_size(DType t) {
  return t == DType::kF32 || t == DType::kI32 ? 4 : t == DType::kBF16 || t == DType::kF16 ? 2 : 1;
}

struct Mat {
  void* data = nullptr;
  DType dtype = DType::kF32;
  int32_t rows = 0;    // tokens
  int32_t cols = 0;    // features
  int64_t stride = 0;  // elements from one row to the next

  explicit operator bool() const { return data != nullptr; }

  // The first `count` columns from `begin` on: q, k and v of a fused qkv.
  Mat col_range(int32_t begin, int32_t count) const {
    QUIRE_CHECK(begin >= 0 && count >= 0 && begin + count <= cols);
    Mat m = *this;
    m.data = static_cast<std::byte*>(data) + static_cast<size_t>(begin) * dtype_size(dtype);
    m.cols = count;
    return m;
  }
  Mat row_range(int32_t begin, int32_t count) const {
    QUIRE_CHECK(begin >= 0 && count >= 0 && begin + count <= rows);
    Mat m = *this;
    m.data = static_cast<std::byte*>(data) + static_cast<size_t>(begin * stride) * dtype_size(dtype);
    m.rows = count;
    return m;
  }
  // Host memory only.
  float* f32(int32_t row) const { return static_cast<float*>(data) + row * stride; }
};

struct IntSpan {  // int32 on the device
  const int32_t* data = nullptr;
  int32_t size = 0;
  IntSpan range(int32_t begin, int32_t count) const { return {data + begin, count}; }
};

struct MutIntSpan {  // the same, to be written
  int32_t* data = nullptr;
  int32_t size = 0;
  operator IntSpan() const { return {data, size}; }
  MutIntSpan range(int32_t begin, int32_t count) const { return {data + begin, count}; }
};

}  // namespace quire
