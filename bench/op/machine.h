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

// Operations per second of independent f32 products and sums in all threads: fused in 16, fused in 8, or
// apart in 4 floats, as the level has it.
inline double multiply_add_rate(std::string_view isa, int32_t threads);

#if defined(__x86_64__)
#define QUIRE_BENCH_RATE(name, isa_flags, lanes)                                         \
  __attribute__((target(isa_flags), optimize("fp-contract=fast"))) inline float name() { \
    typedef float V __attribute__((vector_size(4 * lanes)));                             \
    V a[8] = {}, x = {}, y = {};                                                         \
    x += 0.5f, y += 1e-3f;                                                               \
    for (int i = 0; i < 1'000'000; ++i)                                                  \
      for (int j = 0; j < 8; ++j) {                                                      \
        a[j] = a[j] * x + y;                                                             \
        asm("" : "+v"(a[j]));                                                            \
      }                                                                                  \
    float s = 0;                                                                         \
    for (int j = 0; j < 8; ++j) s += a[j][0];                                            \
    return s;                                                                            \
  }
QUIRE_BENCH_RATE(rate_of_16, "avx512f,avx512dq,fma", 16)
QUIRE_BENCH_RATE(rate_of_8, "avx2,fma", 8)
QUIRE_BENCH_RATE(rate_of_4, "sse2", 4)
#undef QUIRE_BENCH_RATE

inline double multiply_add_rate(std::string_view isa, int32_t threads) {
  const bool wide = __builtin_cpu_supports("avx512dq"), fused = __builtin_cpu_supports("fma");
  const int lanes = isa == "portable" || !fused ? 4 : isa == "avx2" || !wide ? 8 : 16;
  ThreadPool pool(threads);
  volatile float keep = 0;
  const double t = median_seconds(5, [&](int) {
    pool.run(threads * 4, [&](int32_t, int32_t) {
      keep = lanes == 16 ? rate_of_16() : lanes == 8 ? rate_of_8() : rate_of_4();
    });
  });
  return 2.0 * 8e6 * lanes * threads * 4 / t;
}
#else
inline double multiply_add_rate(std::string_view, int32_t) { return 0; }
#endif

}  // namespace quire::bench
