// What tests of hostile files and requests share: large inputs, and a bound against hanging.
#pragma once
#include <doctest/doctest.h>

#include <ctime>
#include <string>
#include <string_view>

namespace quire {

inline std::string repeated(std::string_view part, size_t times) {
  std::string s;
  s.reserve(part.size() * times);
  for (size_t i = 0; i < times; ++i) s += part;
  return s;
}

// Runs `f`, which must not take 5 seconds of the processor.
template <class F>
auto soon(F f) {
  const std::clock_t begin = std::clock();
  auto r = f();
  CHECK(std::clock() - begin < 5 * CLOCKS_PER_SEC);
  return r;
}

}  // namespace quire
