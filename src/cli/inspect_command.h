// The command quire inspect; see its first lines in the source.
#pragma once
#include "cli/command.h"

namespace quire {

int run_inspect(const Command&, std::span<const std::string> arguments);

}  // namespace quire
