// The command quire bench; see its first lines in the source.
#pragma once
#include "cli/command.h"

namespace quire {

int run_bench(const Command&, std::span<const std::string> arguments);

}  // namespace quire
