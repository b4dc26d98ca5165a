// The metrics that are not counted but read when somebody asks: of the engine, of admission, of the process.
// Only metrics.cc and its neighbours include this: the library's header (plain structs) goes no further.
#pragma once
#include <prometheus/metric_family.h>

#include <string>
#include <vector>

#include "serve/metrics.h"

namespace quire::serve {

std::vector<prometheus::MetricFamily> engine_families(const MetricsConfig& config, const EngineState& engine,
                                                      const Admission::Counts& admission, int64_t now);

// Of /proc/self, under the names that every Prometheus client uses; what cannot be read is left out.
std::vector<prometheus::MetricFamily> process_families();

}  // namespace quire::serve
