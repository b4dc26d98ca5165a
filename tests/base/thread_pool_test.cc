// The thread pool: every tile once, whoever takes it; names of threads; sleep when idle.
#include "base/thread_pool.h"

#include <doctest/doctest.h>
#include <sys/resource.h>

#include <chrono>
#include <vector>

#include "base/cores.h"

namespace quire {

namespace {

double processor_seconds() {
  rusage u{};
  getrusage(RUSAGE_SELF, &u);
  const auto seconds = [](const timeval& t) { return double(t.tv_sec) + 1e-6 * double(t.tv_usec); };
  return seconds(u.ru_utime) + seconds(u.ru_stime);
}

}  // namespace

TEST_CASE("every tile is done exactly once") {
  for (const int32_t threads : {1, 2, 3, 8}) {
    ThreadPool pool(threads);
    CHECK(pool.threads() == threads);
    for (const int32_t tiles : {0, 1, 2, 3, 7, 64, 1000}) {
      std::vector<int32_t> done(static_cast<size_t>(tiles));  // not atomic: a tile has one taker
      for (int32_t round = 0; round < 50; ++round)
        pool.run(tiles, [&](int32_t tile, int32_t) { ++done[static_cast<size_t>(tile)]; });
      for (const int32_t n : done) CHECK(n == 50);
    }
  }
}

TEST_CASE("no two calls at one time have the same worker") {
  ThreadPool pool(4);
  std::vector<std::atomic<int32_t>> inside(4);
  std::atomic<bool> shared{false};
  for (int32_t round = 0; round < 200; ++round)
    pool.run(16, [&](int32_t, int32_t worker) {
      if (inside[static_cast<size_t>(worker)].fetch_add(1) != 0) shared = true;
      inside[static_cast<size_t>(worker)].fetch_sub(1);
    });
  CHECK_FALSE(shared);
}

TEST_CASE("a job sees what was written before it, and the caller what the job wrote") {
  ThreadPool pool(3);
  std::vector<int32_t> a(100), b(100);
  for (int32_t round = 1; round <= 2000; ++round) {
    for (int32_t& v : a) v = round;
    pool.run(100, [&](int32_t i, int32_t) { b[size_t(i)] = a[size_t(i)] + i; });
    int64_t sum = 0;
    for (const int32_t v : b) sum += v;
    REQUIRE(sum == int64_t{100} * round + 4950);
  }
}

TEST_CASE("other threads take tiles while one is held up") {
  ThreadPool pool(2);
  std::atomic<int32_t> others{0};
  pool.run(20, [&](int32_t tile, int32_t) {
    if (tile == 0) {
      // Ends only if the other thread does all the rest meanwhile.
      while (others < 19) std::this_thread::yield();
    } else {
      ++others;
    }
  });
  CHECK(others == 19);
}

TEST_CASE("workers may stay each on a core, and the caller stays free") {
  const std::vector<int32_t> all = allowed_cores();
  if (all.size() < 2) return;  // nothing to choose from
  const std::vector<int32_t> cores = {all[0], all[1]};
  ThreadPool pool(2, cores);
  std::atomic<bool> met{false}, right{true};
  pool.run(2, [&](int32_t, int32_t worker) {
    if (worker == 0) {
      for (int i = 0; i < 5000 && !met; ++i) std::this_thread::sleep_for(std::chrono::milliseconds(1));
      return;
    }
    const std::vector<int32_t> own = allowed_cores();
    right = own == std::vector<int32_t>{cores[1]} || own == all;  // a sandbox may refuse
    met = true;
  });
  CHECK(met);
  CHECK(right);
  CHECK(allowed_cores() == all);
}

TEST_CASE("an idle pool sleeps, and wakes") {
  ThreadPool pool(3);
  pool.run(10, [](int32_t, int32_t) {});
  std::this_thread::sleep_for(std::chrono::milliseconds(50));
  const double before = processor_seconds();
  std::this_thread::sleep_for(std::chrono::milliseconds(300));
  CHECK(processor_seconds() - before < 0.1);
  std::atomic<int32_t> done{0};
  pool.run(10, [&](int32_t, int32_t) { ++done; });
  CHECK(done == 10);
}

}  // namespace quire
