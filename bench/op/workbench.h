// What the workbenches of the cpu backend share: the backend and the reference beside it, the machine's
// limits measured in the same run, random values, and a line of figures for each measurement.
//
// Every workbench is started as  bench_op_NAME [cpu-isa [threads]]  and ends with 1 if a result was wrong.
#pragma once
#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "backend/backend.h"
#include "backends/cpu/machine.h"
#include "tensor/half.h"

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

inline float value(uint64_t i) {  // in [-1, 1), well mixed
  i = (i + 1) * 0x9E3779B97F4A7C15;
  i ^= i >> 29, i *= 0xBF58476D1CE4E5B9, i ^= i >> 32;
  return static_cast<float>(static_cast<int32_t>(i)) * 0x1p-31f;
}
inline std::vector<float> values(size_t count, float scale = 1.0f, uint64_t first = 0) {
  std::vector<float> v(count);
  for (size_t i = 0; i < count; ++i) v[i] = value(first + i) * scale;
  return v;
}

// Random matrices as a bf16 checkpoint stores them, in [-scale, scale).
inline std::vector<uint16_t> stored_values(size_t count, float scale) {
  std::vector<uint16_t> v(count);
  for (size_t i = 0; i < count; ++i) v[i] = float_to_bf16(value(i) * scale);
  return v;
}

inline constexpr size_t kBytes = size_t{768} << 20;  // of copies that take turns: more than caches hold

struct Work {  // of one call
  double bytes = 0, operations = 0;
};

class Workbench {
 public:
  Workbench(int argc, char** argv) {
    BackendOptions options;
    if (argc > 1) options.cpu_isa = argv[1];
    if (argc > 2) options.threads = std::atoi(argv[2]);
    auto made = make_backend("cpu", options);
    if (!made.ok()) stop(made.status());
    cpu_ = std::move(made).value();
    const cpu::Level& level = *cpu::find_level(options.cpu_isa).value();  // the backend took it
    const auto read = cpu::measure_read(size_t{1} << 30, cpu_->threads());
    if (!read.ok()) stop(read.status());
    read_ = read.value();
    rates_ = cpu::measure_rates(level, cpu_->threads());
    BackendOptions plain;
    plain.round_like_cpu = true;
    plain.round_inputs = rounds_inputs();
    ref_ = std::move(make_backend("ref", plain)).value();
    std::printf("%s, threads %d, read %.1f GB/s, products %.0f GFLOP/s\n", std::string(level.name).c_str(),
                cpu_->threads(), read_ * 1e-9, rates_.products() * 1e-9);
  }

  Backend& cpu() { return *cpu_; }
  Backend& ref() { return *ref_; }
  bool rounds_inputs() const { return rates_.bf16 > 0; }  // of products

  static void* allocate(Backend& b, size_t bytes) {
    auto got = b.allocate(bytes);
    if (!got.ok()) stop(got.status());
    return got.value();
  }
  // Lives as long as the workbench; the host's, as both backends compute there.
  static Mat mat(Backend& b, int32_t rows, int32_t cols, const std::vector<float>& from = {}) {
    const size_t bytes = static_cast<size_t>(rows) * static_cast<size_t>(cols) * sizeof(float);
    const Mat m = {allocate(b, bytes), DType::kF32, rows, cols, cols};
    if (!from.empty()) b.upload(m.data, from.data(), bytes);
    return m;
  }
  static MutIntSpan ints(Backend& b, const std::vector<int32_t>& from) {
    auto* data = static_cast<int32_t*>(allocate(b, from.size() * sizeof(int32_t)));
    std::copy(from.begin(), from.end(), data);
    return {data, static_cast<int32_t>(from.size())};
  }

  // `count` matrices [out, in], loaded as a checkpoint's are; as long as the workbench, or until released.
  static Weight weight(Backend& b, const std::vector<uint16_t>& stored, int32_t out, int32_t in,
                       int32_t count = 1) {
    Weight rows;
    rows.layout.elem = Elem::kBF16;
    rows.out = out, rows.in = in;
    Weight w;
    w.layout = b.prefer(rows.layout, out, in);
    w.out = out, w.in = in, w.count = count;
    w.stride = b.weight_stride(w);
    w.data = allocate(b, b.weight_bytes(w));
    for (int32_t m = 0; m < count; ++m) {
      rows.data = stored.data() + static_cast<size_t>(m) * static_cast<size_t>(out) * static_cast<size_t>(in);
      b.load(w, m, 0, rows);
    }
    return w;
  }

  // One line: `error` beyond `bound` is wrong, and so is NaN.
  void report(const std::string& name, double seconds, const Work& work, double error = 0, double bound = 0) {
    const double floor = std::max(work.bytes / read_, work.operations / rates_.products());
    const bool right = error <= bound;
    std::printf("  %-34s %9.3f ms %7.1f GFLOP/s %6.1f GB/s, %3.0f %% of the floor%s\n", name.c_str(),
                seconds * 1e3, work.operations / seconds * 1e-9, work.bytes / seconds * 1e-9,
                100 * floor / seconds, right ? "" : "  WRONG");
    if (!right) std::printf("    error %g, allowed %g\n", error, bound);
    right_ = right_ && right;
  }
  int result() const { return right_ ? 0 : 1; }

 private:
  [[noreturn]] static void stop(const Status& s) {
    std::printf("%s\n", s.message().c_str());
    std::exit(2);
  }

  std::unique_ptr<Backend> cpu_, ref_;
  double read_ = 0;
  cpu::ComputeRates rates_;
  bool right_ = true;
};

// The largest |a - b| / (1 + |b|).
inline double worst_difference(Mat a, Mat b) {
  double worst = 0;
  for (int32_t r = 0; r < a.rows; ++r)
    for (int32_t c = 0; c < a.cols; ++c) {
      const double want = static_cast<double>(b.f32(r)[c]);
      const double error = std::abs(static_cast<double>(a.f32(r)[c]) - want) / (1 + std::abs(want));
      if (!(error <= worst)) worst = error;
    }
  return worst;
}

}  // namespace quire::bench
