// Random workloads: tight memory, small steps, planning ahead, drafts, hash collisions, cancels and failed
// steps must give the text of one request at a time. An argument is the number of workloads (default 2000 in
// a long run, else 400), a second one the seed.
#include <cstdlib>

#include "tests/long_run.h"
#include "tests/sched/random_workload.h"

namespace quire {
namespace {

uint64_t same_for_all(const Secret&, const Salt&, const Filling&, std::span<const Token>) { return 42; }

void random_workloads(int32_t rounds, uint32_t seed) {
  Dice dice(seed);
  Totals t;
  int32_t runs = 0;
  for (int32_t round = 0; round < rounds; ++round) {
    const auto requests = random_requests(dice, round % 2 ? 2 : 50);
    const Answers want = serve_alone(requests);
    for (int32_t variant = 0; variant < 8; ++variant, ++runs) {
      SchedulerConfig c = tight_config(dice);
      Options o{.ahead = variant % 3, .seed = dice.word()};
      if (variant % 4 == 3) c.drafts = dice.between(1, 4), o.ahead = round % 3;
      if (variant == 2) {  // with steps large enough to come to an end
        o.preempt_one_in = 12;
        c.max_step_tokens = dice.between(30, 60), c.long_prefill_token_threshold = 0;
        c.max_step_logprobs = 1000;
      }
      if (variant == 4) c.kv.hash = same_for_all;
      if (variant >= 5) o.cancel_one_in = 40, o.stop_one_in = 60, o.ahead = round % 3;
      if (variant >= 6) o.fail_one_in = 30, o.arrive = Arrive::kTogether;
      expect_equal(serve(c, requests, o, &t), want, variant >= 5);
    }
  }
  std::printf(
      "ok: %d random runs, %ld steps, %ld positions; %ld cached, %ld preempted, %ld cancelled, "
      "%ld failed; drafts: %ld accepted, %ld times refused\n",
      runs, t.steps, t.computed, t.cached, t.preempted, t.cancelled, t.failed, t.accepted, t.refused);
  QUIRE_CHECK(rounds < 100 || (t.cached > rounds && t.preempted > rounds && t.cancelled > rounds &&
                               t.failed > rounds && t.accepted > rounds && t.refused > rounds));
}

}  // namespace
}  // namespace quire

int main(int argc, char** argv) {
  quire::random_workloads(argc > 1            ? std::atoi(argv[1])
                          : quire::long_run() ? 2000
                                              : 400,
                          argc > 2 ? static_cast<uint32_t>(std::atoi(argv[2])) : 1);
}
