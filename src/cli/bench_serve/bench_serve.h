// quire bench serve: puts load on any OpenAI server and says how it bears it.
#pragma once
#include <span>
#include <string>

#include "cli/command.h"

namespace quire {

int run_bench_serve(const Command&, std::span<const std::string> arguments);

}  // namespace quire
