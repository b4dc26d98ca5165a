// How much of the KV memory that is given out holds nothing, on the mixed workload, for several sizes of
// steps and of memory. Needs no model: it is a property of the plans.
#include <cstdio>
#include <cstdlib>

#include "bench/sched/mixed_workload.h"

int main(int argc, char** argv) {
  using namespace quire;
  const uint32_t seed = argc > 1 ? static_cast<uint32_t>(std::atoi(argv[1])) : 0;
  std::printf("%8s %12s %10s %12s %10s %8s\n", "max_seqs", "step tokens", "KV tokens", "preemptions",
              "cached", "waste");
  for (int32_t max_seqs : {16, 64, 256})
    for (int32_t step_tokens : {64, 512, 8192})
      for (int32_t kv_tokens : {2048, 8192, 65536}) {
        SchedulerStats stats;
        const double waste =
            waste_of(mixed_config(max_seqs, step_tokens, kv_tokens), mixed_workload(seed), stats);
        std::printf("%8d %12d %10d %12llu %10llu %7.2f%%\n", max_seqs, step_tokens, kv_tokens,
                    static_cast<unsigned long long>(stats.preemptions),
                    static_cast<unsigned long long>(stats.cached_tokens), 100 * waste);
      }
}
