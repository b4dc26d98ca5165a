// What workbenches share: the clock, medians, and the limits of the machine, measured in the same run, since
// neighbours come and go.
#pragma once
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstring>
#include <memory>
#include <vector>

#include "backend/backend.h"
#include "base/thread_pool.h"

namespace quire::bench {

inline double seconds() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

// The median of `times` calls, in seconds, after one that is not counted.
template <class F>
double median_seconds(int times, F f) {
  f(0);
  std::vector<double> t;
  for (int i = 1; i <= times; ++i) {
    const double begin = seconds();
    f(i);
    t.push_back(seconds() - begin);
  }
  std::sort(t.begin(), t.end());
  return t[t.size() / 2];
}

// Bytes per second that `threads` threads read from a buffer of `bytes`.
inline double read_bandwidth(Backend& b, size_t bytes) {
  auto got = b.allocate(bytes);
  if (!got.ok()) return 0;
  ThreadPool pool(b.threads());
  std::memset(got.value(), 1, bytes);
  constexpr size_t kTile = size_t{1} << 18;
  const auto* words = static_cast<const uint64_t*>(got.value());
  std::vector<uint64_t> sums(static_cast<size_t>(pool.threads()) * 8);
  const double t = median_seconds(7, [&](int) {
    pool.run(static_cast<int32_t>(bytes / kTile), [&](int32_t tile, int32_t worker) {
      const uint64_t* at = words + static_cast<size_t>(tile) * (kTile / 8);
      uint64_t a = 0, c = 0, d = 0, e = 0;
      for (size_t i = 0; i < kTile / 8; i += 32) {  // four lines; a word of each is enough to fetch it
        a += at[i], c += at[i + 8], d += at[i + 16], e += at[i + 24];
        __builtin_prefetch(at + i + 512);
        __builtin_prefetch(at + i + 520);
        __builtin_prefetch(at + i + 528);
        __builtin_prefetch(at + i + 536);
      }
      sums[static_cast<size_t>(worker) * 8] += a + c + d + e;
    });
  });
  volatile uint64_t keep = sums[0];
  (void)keep;
  b.release(got.value());
  return static_cast<double>(bytes) / t;
}

// Operations per second of independent f32 products and sums in all threads: fused in 16 floats or in 8, or
// apart in 4, as the level has it.
#if defined(__x86_64__)
#define QUIRE_BENCH_TEN(X) X(0) X(1) X(2) X(3) X(4) X(5) X(6) X(7) X(8) X(9)
#define QUIRE_BENCH_LOOP(step)         \
  for (int i = 0; i < 200'000; ++i)    \
  asm volatile(QUIRE_BENCH_TEN(step):: \
                   : "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8", "xmm9")
#define QUIRE_BENCH_16(r) "vfmadd231ps %%zmm15, %%zmm14, %%zmm" #r "\n"
#define QUIRE_BENCH_8(r) "vfmadd231ps %%ymm15, %%ymm14, %%ymm" #r "\n"
#define QUIRE_BENCH_4(r) "mulps %%xmm15, %%xmm" #r "\naddps %%xmm14, %%xmm" #r "\n"

inline double multiply_add_rate(std::string_view isa, int32_t threads) {
  const bool wide = __builtin_cpu_supports("avx512dq"), fused = __builtin_cpu_supports("fma");
  const int lanes = isa == "portable" || !fused ? 4 : isa == "avx2" || !wide ? 8 : 16;
  ThreadPool pool(threads);
  const double t = median_seconds(9, [&](int) {
    pool.run(threads * 4, [&](int32_t, int32_t) {
      if (lanes == 16) QUIRE_BENCH_LOOP(QUIRE_BENCH_16);
      else if (lanes == 8) QUIRE_BENCH_LOOP(QUIRE_BENCH_8);
      else QUIRE_BENCH_LOOP(QUIRE_BENCH_4);
    });
  });
  return 2.0 * 10 * 200'000 * lanes * threads * 4 / t;
}

#undef QUIRE_BENCH_TEN
#undef QUIRE_BENCH_LOOP
#undef QUIRE_BENCH_16
#undef QUIRE_BENCH_8
#undef QUIRE_BENCH_4
#else
inline double multiply_add_rate(std::string_view, int32_t) { return 0; }
#endif

}  // namespace quire::bench
