// quire bench machine: the limits of this machine, which figures of speed are fractions of.
#pragma once
#include <span>
#include <string>

#include "base/json.h"
#include "base/status.h"
#include "cli/command.h"

namespace quire {

// The object `machine` of every benchmark: processor, level, threads, and what they reach at most. Takes
// about a second. `isa` and `threads` as the flags say them. A rate that the level has not is null.
Result<Json::Object> measure_machine(const std::string& isa, int32_t threads);

int run_bench_machine(const Command& command, std::span<const std::string> arguments);

}  // namespace quire
