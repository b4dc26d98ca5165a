// The limits of this machine, measured: what figures of speed are fractions of. Neighbours come and go, so
// they are to be measured in the same run.
#pragma once
#include <cstddef>
#include <cstdint>
#include <string>

#include "backends/cpu/levels.h"
#include "base/status.h"

namespace quire::cpu {

struct ComputeRates {  // operations per second of all threads, a product and a sum being two; 0: there is
                       // none
  double fma = 0;      // f32 products and sums, as the level has them
  double bf16 = 0;     // dots of bf16 pairs
  double int8 = 0;     // dots of four int8
  double products() const { return bf16 > 0 ? bf16 : fma; }  // of what the level's products are made of
};
ComputeRates measure_rates(const Level& level, int32_t threads);

// Bytes per second that `threads` threads read together from a buffer of `bytes`, which is to be larger than
// the caches.
Result<double> measure_read(size_t bytes, int32_t threads);

std::string processor_name();  // as the system tells it; empty: it does not

}  // namespace quire::cpu
