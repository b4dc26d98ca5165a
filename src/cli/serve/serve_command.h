// quire serve: the model behind HTTP, from the first probe to the last answer.
#pragma once
#include "cli/command.h"

namespace quire {

int run_serve(const Command& command, std::span<const std::string> arguments);

}  // namespace quire
