// The command quire generate; see its first lines in the source.
#pragma once
#include "cli/command.h"

namespace quire {

int run_generate(const Command&, std::span<const std::string> arguments);

}  // namespace quire
