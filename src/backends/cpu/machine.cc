#include "backends/cpu/machine.h"

#include <algorithm>
#include <chrono>
#include <cstring>
#include <fstream>
#include <vector>

#include "backends/host_memory.h"
#include "base/thread_pool.h"

namespace quire::cpu {
namespace {

double seconds_of(ThreadPool& pool, int32_t tiles, ThreadPool::Body body) {
  const auto begin = std::chrono::steady_clock::now();
  pool.run(tiles, body);
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

double median(std::vector<double> values) {
  std::ranges::nth_element(values, values.begin() + static_cast<ptrdiff_t>(values.size() / 2));
  return values[values.size() / 2];
}

double rate_of(ThreadPool& pool, int64_t (*peak)(int32_t rounds)) {
  constexpr int32_t kRounds = 100'000, kTilesOfAThread = 4;  // some milliseconds
  constexpr int kTimes = 9;
  const int32_t tiles = kTilesOfAThread * pool.threads();
  std::vector<int64_t> done(static_cast<size_t>(tiles));
  std::vector<double> rates;
  for (int i = 0; i <= kTimes; ++i) {
    const double t = seconds_of(
        pool, tiles, [&](int32_t tile, int32_t) { done[static_cast<size_t>(tile)] = peak(kRounds); });
    if (i > 0) rates.push_back(static_cast<double>(done[0]) * tiles / t);  // the first one wakes all up
  }
  return median(rates);
}

bool has_vnni() {
#if defined(__x86_64__)
  return __builtin_cpu_supports("avx512vnni");
#else
  return false;
#endif
}

}  // namespace

ComputeRates measure_rates(const Level& level, int32_t threads) {
  ThreadPool pool(threads);
  const Kernels& k = *level.kernels;
  ComputeRates rates;
  rates.fma = rate_of(pool, k.peak_fma);
  if (k.peak_bf16 != nullptr) rates.bf16 = rate_of(pool, k.peak_bf16);
  if (k.peak_int8 != nullptr && has_vnni()) rates.int8 = rate_of(pool, k.peak_int8);
  return rates;
}

Result<double> measure_read(size_t bytes, int32_t threads) {
  constexpr size_t kTile = size_t{1} << 18;
  constexpr int kTimes = 5;
  Result<void*> memory = allocate_host_memory(bytes);
  if (!memory.ok()) return memory.status();
  ThreadPool pool(threads);
  const auto tiles = static_cast<int32_t>(bytes / kTile);
  char* data = static_cast<char*>(memory.value());
  pool.run(tiles,
           [&](int32_t tile, int32_t) { std::memset(data + static_cast<size_t>(tile) * kTile, 1, kTile); });
  std::vector<uint64_t> sums(static_cast<size_t>(tiles));
  std::vector<double> rates;
  for (int i = 0; i < kTimes; ++i) {
    const double t = seconds_of(pool, tiles, [&](int32_t tile, int32_t) {
      const char* at = data + static_cast<size_t>(tile) * kTile;
      uint64_t sum[4] = {};
      for (size_t line = 0; line < kTile; line += 256)  // a word of each line is enough to fetch it
        for (size_t j = 0; j < 4; ++j) {
          uint64_t word;
          std::memcpy(&word, at + line + 64 * j, sizeof word);
          __builtin_prefetch(at + line + 64 * j + 4096);
          sum[j] += word;
        }
      sums[static_cast<size_t>(tile)] += sum[0] + sum[1] + sum[2] + sum[3];
    });
    rates.push_back(static_cast<double>(bytes) / t);
  }
  const bool read = std::ranges::all_of(sums, [](uint64_t s) { return s != 0; });
  release_host_memory(memory.value());
  QUIRE_CHECK(read);
  return median(rates);
}

std::string processor_name() {
  std::ifstream file("/proc/cpuinfo");
  for (std::string line; std::getline(file, line);)
    if (line.starts_with("model name"))
      if (const size_t colon = line.find(": "); colon != line.npos) return line.substr(colon + 2);
  return {};
}

}  // namespace quire::cpu
