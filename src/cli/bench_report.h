// What a benchmark found, as one JSON object with the keys of vllm bench and ours, and as a table for people.
#pragma once
#include <optional>
#include <span>
#include <string>

#include "base/json.h"
#include "base/settings.h"
#include "base/status.h"
#include "cli/bench_fractions.h"
#include "cli/bench_run.h"
#include "cli/launch.h"

namespace quire {

// numpy's default: linear between the two nearest. `values` is not empty.
double percentile(std::span<const double> values, double percent);

Json::Object latency_report(std::span<const BenchTiming> iterations);
Json::Object throughput_report(const BenchTiming& run, size_t requests);
// The part that both have: rates, model, machine, flags, memory.
// `machine` is absent where its limits are not known: on another device than the cpu. Then the fractions are
// null, too.
void append_common(std::span<const BenchTiming> iterations, const BenchWork& work, const Launched& launched,
                   const Given& given, const std::optional<MachineLimits>& machine, Json::Object& to);

std::string report_table(const Json::Object& report);
// Into the file `json_path` ("-": standard output, and the table to standard error; empty: only the table, to
// standard output).
Status write_report(const Json::Object& report, const std::string& json_path);

}  // namespace quire
