// quire bench machine: the limits of this machine, which figures of speed are fractions of.
#pragma once
#include <span>
#include <string>

#include "backends/cpu/machine.h"
#include "base/json.h"
#include "base/status.h"
#include "cli/command.h"

namespace quire {

struct MachineLimits {
  std::string cpu, isa;
  int32_t threads = 0;
  double read = 0;  // bytes per second, all threads
  cpu::ComputeRates rates;
  double peak() const { return rates.products(); }  // operations per second
};

// Takes about a second. `isa` and `threads` as the flags say them.
Result<MachineLimits> measure_machine(const std::string& isa, int32_t threads);

// The object `machine` of every benchmark. A rate that the level has not is null.
Json::Object machine_report(const MachineLimits& machine);

int run_bench_machine(const Command& command, std::span<const std::string> arguments);

}  // namespace quire
