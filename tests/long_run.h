// ./check is over in seconds; ./check --all sets QUIRE_LONG=1, and the tests that are slow look at more.
#pragma once
#include <cstdlib>

namespace quire {

inline bool long_run() { return std::getenv("QUIRE_LONG") != nullptr; }

}  // namespace quire
