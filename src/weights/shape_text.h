// A shape as messages show it: "[4096, 128]".
#pragma once
#include <cstdint>
#include <span>
#include <string>

namespace quire {

inline std::string shape_text(std::span<const int64_t> shape) {
  std::string s = "[";
  for (const int64_t n : shape) s += (s.size() > 1 ? ", " : "") + std::to_string(n);
  return s + "]";
}

}  // namespace quire
