// Integer arithmetic for sizes and offsets that come from a file or a request: an overflow is an
// empty optional, and stays one through further sums and products.
#pragma once
#include <cstdint>
#include <limits>
#include <optional>
#include <type_traits>

namespace quire {

class Checked {  // a non-negative 64-bit size, or "does not fit"
 public:
  template <class T>
    requires std::is_integral_v<T>
  Checked(T v) {  // NOLINT: implicit on purpose, so that expressions read as usual
    if constexpr (std::is_signed_v<T>) {
      if (v >= 0) v_ = static_cast<uint64_t>(v);
    } else {
      v_ = v;
    }
  }
  bool ok() const { return v_.has_value(); }
  std::optional<uint64_t> value() const { return v_; }
  // The value if it is there and at most `most`.
  std::optional<uint64_t> at_most(uint64_t most) const { return v_ && *v_ <= most ? v_ : std::nullopt; }

  friend Checked operator+(Checked a, Checked b) {
    uint64_t r = 0;
    return a.v_ && b.v_ && !__builtin_add_overflow(*a.v_, *b.v_, &r) ? Checked(r) : none();
  }
  friend Checked operator*(Checked a, Checked b) {
    uint64_t r = 0;
    return a.v_ && b.v_ && !__builtin_mul_overflow(*a.v_, *b.v_, &r) ? Checked(r) : none();
  }
  friend Checked operator-(Checked a, Checked b) {  // none below zero
    return a.v_ && b.v_ && *a.v_ >= *b.v_ ? Checked(*a.v_ - *b.v_) : none();
  }

 private:
  static Checked none() { return Checked(-1); }
  std::optional<uint64_t> v_;
};

// `v` as a T, or nothing if T cannot hold it.
template <class T, class V>
  requires(std::is_integral_v<T> && std::is_integral_v<V>)
std::optional<T> narrow(V v) {
  const T t = static_cast<T>(v);
  if (static_cast<V>(t) != v || (t < T{}) != (v < V{})) return std::nullopt;
  return t;
}

}  // namespace quire
