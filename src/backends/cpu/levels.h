// The instruction sets that kernels are compiled for, in order of preference. The list is the only place that
// knows them; each is one driver file that includes generic/.
#pragma once
#include <span>
#include <string_view>

#include "backends/cpu/kernels.h"
#include "base/status.h"

namespace quire::cpu {

struct Level {
  std::string_view name;
  bool (*supported)();  // by this machine and its system
  bool (*worth_it)();   // where it is supported: faster than those below it
  const Kernels* kernels;
};

std::span<const Level> levels();

// "auto" is the first that the machine supports and that is worth it there. What is unknown, or not supported
// here, is refused with what is.
Result<const Level*> find_level(std::string_view name);

}  // namespace quire::cpu
