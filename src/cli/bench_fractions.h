// How near a benchmark came to what the machine could do: operations over its peak, bytes over its read rate.
#pragma once
#include <cstdint>
#include <optional>
#include <span>

#include "cli/bench_machine.h"
#include "cli/bench_requests.h"
#include "cli/bench_run.h"
#include "cli/launch.h"

namespace quire {

struct BenchWork {
  int64_t prefill_tokens = 0;
  double prefill_operations = 0;
  int64_t rows = 0;    // of a step of decode, when all requests run that can
  double context = 0;  // positions that such a row sees, on average
};
// `together`: requests that may run at the same time.
BenchWork work_of(const ModelSpec& spec, std::span<const BenchRequest> requests, int32_t together);

// Operations of the prefill over peak and time. `rate`: prompt tokens per second.
std::optional<double> prefill_fraction(const BenchWork&, const MachineLimits&, std::optional<double> rate);

// The floor of a step of decode, max(bytes / read rate, operations / peak), over its time. `rate`: tokens per
// second. Too low where fewer than `rows` requests ran.
std::optional<double> decode_fraction(const BenchWork&, const MachineLimits&, const Blueprint&,
                                      std::optional<double> rate);

}  // namespace quire
