// quire chat: a conversation with a model, at a terminal or from a script.
#pragma once
#include <span>
#include <string>

#include "cli/command.h"

namespace quire {

int run_chat(const Command& command, std::span<const std::string> arguments);

}  // namespace quire
