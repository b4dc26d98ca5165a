// Products: out = x w^T and the gated half of an mlp, on the shapes of a 1B model, for few and many rows.
// Weights come from memory (copies beyond the caches take turns). Checks some outputs against plain loops and
// that a row has the same bits whatever the number of rows.
//
// bench_op_linear [cpu-isa [threads]]
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <random>

#include "backends/cpu/machine.h"
#include "bench/op/clock.h"
#include "tensor/half.h"

namespace quire::bench {
namespace {

struct Shape {
  const char* name;
  int32_t in, out;
  bool gated;
};
constexpr Shape kShapes[] = {
    {"qkv", 2048, 3072, false},     {"attention out", 2048, 2048, false}, {"mlp in", 2048, 2 * 8192, true},
    {"mlp out", 8192, 2048, false}, {"head", 2048, 128256, false},
};
constexpr int32_t kRows[] = {1, 2, 4, 6, 8, 12, 16, 24, 32, 64, 512};
constexpr size_t kBytes = size_t{768} << 20;  // of all copies

float value(uint64_t i) {  // in [-1, 1), well mixed
  i = (i + 1) * 0x9E3779B97F4A7C15;
  i ^= i >> 29, i *= 0xBF58476D1CE4E5B9, i ^= i >> 32;
  return static_cast<float>(static_cast<int32_t>(i)) * 0x1p-31f;
}

// The level with bf16 dots rounds what is multiplied.
void round_inputs(std::vector<float>& x) {
  for (float& v : x) v = bf16_to_float(float_to_bf16(v));
}

double plain(const Shape& s, const std::vector<uint16_t>& w, const float* x, int32_t o) {
  double sum = 0;
  for (int32_t k = 0; k < s.in; ++k)
    sum += static_cast<double>(bf16_to_float(
               w[static_cast<size_t>(o) * static_cast<size_t>(s.in) + static_cast<size_t>(k)])) *
           static_cast<double>(x[k]);
  return sum;
}

bool measure(Backend& b, const Shape& s, bool round, double bandwidth, double rate) {
  std::vector<uint16_t> stored(static_cast<size_t>(s.in) * static_cast<size_t>(s.out));
  for (size_t i = 0; i < stored.size(); ++i) stored[i] = float_to_bf16(value(i) * 0.05f);
  Weight rows;
  rows.out = s.out, rows.in = s.in, rows.data = stored.data();
  Weight w;
  w.layout = b.prefer(rows.layout, s.out, s.in);
  w.out = s.out, w.in = s.in;
  w.stride = b.weight_stride(w);
  const size_t bytes = b.weight_bytes(w);
  std::vector<Weight> copies(std::max<size_t>(1, kBytes / bytes), w);
  const double begin = seconds();
  for (Weight& c : copies) {
    auto got = b.allocate(bytes);
    if (!got.ok()) return std::printf("%s\n", got.status().message().c_str()), false;
    c.data = got.value();
    b.load(c, 0, 0, rows);
  }
  const double load = (seconds() - begin) / static_cast<double>(copies.size());
  const int32_t width = s.gated ? s.out / 2 : s.out, most = s.out > 100000 ? 64 : 512;
  std::vector<float> x(static_cast<size_t>(most) * static_cast<size_t>(s.in)),
      y(static_cast<size_t>(most) * static_cast<size_t>(width)), one;
  for (size_t i = 0; i < x.size(); ++i) x[i] = value(i + 12345);
  if (round) round_inputs(x);
  std::printf("%s: in %d, out %d, packed at %.1f GB/s\n", s.name, s.in, s.out,
              static_cast<double>(bytes) / load * 1e-9);
  bool right = true;
  for (const int32_t n : kRows) {
    if (n > most) continue;
    const Mat in = {x.data(), DType::kF32, n, s.in, s.in}, out = {y.data(), DType::kF32, n, width, width};
    const auto run = [&](int i) {
      const Weight& c = copies[static_cast<size_t>(i) % copies.size()];
      if (s.gated) b.mlp_in(out, in, c, {width, Act::kSilu});
      else b.linear(out, in, c);
    };
    const double t = median_seconds(n >= 64 ? 7 : 15, run);
    if (one.empty()) one.assign(y.begin(), y.begin() + width);
    const bool same = std::equal(one.begin(), one.end(), y.begin());
    double worst = 0;
    for (int32_t o = 0; o < width; o += width / 61) {
      double want = plain(s, stored, x.data(), o);
      if (s.gated) want = want / (1 + std::exp(-want)) * plain(s, stored, x.data(), width + o);
      worst = std::max(
          worst, std::abs(want - static_cast<double>(y[static_cast<size_t>(o)])) / (1 + std::abs(want)));
    }
    const double operations = 2.0 * n * s.in * s.out,
                 floor = std::max(static_cast<double>(bytes) / bandwidth, operations / rate);
    std::printf("  rows %3d: %9.3f ms %7.1f GFLOP/s %6.1f GB/s, %3.0f %% of the floor%s\n", n, t * 1e3,
                operations / t * 1e-9, static_cast<double>(bytes) / t * 1e-9, 100 * floor / t,
                !same          ? "  ROW 0 DIFFERS"
                : worst > 1e-4 ? "  WRONG"
                               : "");
    right = right && same && worst <= 1e-4;
  }
  for (const Weight& c : copies) b.release(const_cast<void*>(c.data));
  return right;
}

}  // namespace
}  // namespace quire::bench

int main(int argc, char** argv) {
  using namespace quire;
  BackendOptions options;
  if (argc > 1) options.cpu_isa = argv[1];
  if (argc > 2) options.threads = std::atoi(argv[2]);
  auto made = make_backend("cpu", options);
  if (!made.ok()) return std::printf("%s\n", made.status().message().c_str()), 2;
  Backend& b = *made.value();
  const cpu::Level& level = *cpu::find_level(options.cpu_isa).value();  // the backend took it
  const auto read = cpu::measure_read(size_t{1} << 30, b.threads());
  if (!read.ok()) return std::printf("%s\n", read.status().message().c_str()), 2;
  const cpu::ComputeRates rates = cpu::measure_rates(level, b.threads());
  const double bandwidth = read.value(), rate = rates.products();
  std::printf("%s, threads %d, read %.1f GB/s, products %.0f GFLOP/s\n", std::string(level.name).c_str(),
              b.threads(), bandwidth * 1e-9, rate * 1e-9);
  bool right = true;
  for (const bench::Shape& s : bench::kShapes)
    right = bench::measure(b, s, rates.bf16 > 0, bandwidth, rate) && right;
  return right ? 0 : 1;
}
