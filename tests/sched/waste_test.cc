// Of the KV memory that is given out, less than 4 % holds nothing on the mixed workload, at block size 16.
#include <doctest/doctest.h>

#include "bench/sched/mixed_workload.h"

namespace quire {
namespace {

TEST_CASE("less than 4 % of the KV memory is wasted") {
  for (uint32_t seed = 0; seed < 20; ++seed)
    for (int32_t step_tokens : {64, 512, 8192})
      for (int32_t kv_tokens : {2048, 65536}) {
        SchedulerStats stats;
        const SchedulerConfig c = mixed_config(64, step_tokens, kv_tokens);
        const double waste = waste_of(c, mixed_workload(seed), stats);
        CAPTURE(seed);
        CAPTURE(step_tokens);
        CHECK(waste < 0.04);
        CHECK(waste > 0.02);  // half a block of each table must be empty: else it is counted wrongly
        CHECK(stats.cached_tokens > 0);
      }
}

}  // namespace
}  // namespace quire
