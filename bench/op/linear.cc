// Products: out = x w^T and the gated half of an mlp, on the shapes of models of 1.2 and 0.5 B, for few and
// many rows. Weights come from memory (copies beyond the caches take turns). Checks some outputs against
// plain loops and that a row has the same bits whatever the number of rows.
#include "bench/op/workbench.h"

namespace quire::bench {
namespace {

struct Shape {
  const char* name;
  int32_t in, out;
  bool gated;
};
constexpr Shape kShapes[] = {
    {"qkv", 2048, 3072, false},          {"attention out", 2048, 2048, false},
    {"mlp in", 2048, 2 * 8192, true},    {"mlp out", 8192, 2048, false},
    {"head", 2048, 128256, false},       {"0.5 B qkv", 896, 1152, false},
    {"0.5 B out", 896, 896, false},      {"0.5 B mlp in", 896, 2 * 4864, true},
    {"0.5 B mlp out", 4864, 896, false},
};
constexpr int32_t kRows[] = {1, 2, 4, 6, 8, 12, 16, 24, 32, 64, 512};
// The level with bf16 dots rounds what is multiplied.
void round_inputs(std::vector<float>& x) {
  for (float& v : x) v = rounded_to_bf16(v);
}

double plain(const Shape& s, const std::vector<uint16_t>& w, const float* x, int32_t o) {
  double sum = 0;
  for (int32_t k = 0; k < s.in; ++k)
    sum += static_cast<double>(bf16_to_float(
               w[static_cast<size_t>(o) * static_cast<size_t>(s.in) + static_cast<size_t>(k)])) *
           static_cast<double>(x[k]);
  return sum;
}

void measure(Workbench& bench, const Shape& s) {
  Backend& b = bench.cpu();
  const auto elements = static_cast<size_t>(s.in) * static_cast<size_t>(s.out);
  const std::vector<uint16_t> stored = stored_values(elements, 0.05f);
  const size_t bytes = elements * sizeof(uint16_t);  // whole panels
  std::vector<Weight> copies(std::max<size_t>(1, kBytes / bytes));
  const double begin = seconds();
  for (Weight& c : copies) c = Workbench::weight(b, stored, s.out, s.in);
  const double load = (seconds() - begin) / static_cast<double>(copies.size());
  const int32_t width = s.gated ? s.out / 2 : s.out, most = s.out > 100000 ? 64 : 512;
  std::vector<float> x = values(static_cast<size_t>(most) * static_cast<size_t>(s.in), 1.0f, 12345), one,
                     y(static_cast<size_t>(most) * static_cast<size_t>(width));
  if (bench.rounds_inputs()) round_inputs(x);
  std::printf("%s: in %d, out %d, packed at %.1f GB/s\n", s.name, s.in, s.out,
              static_cast<double>(bytes) / load * 1e-9);
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
    bench.report(std::to_string(n) + " rows", t, {static_cast<double>(bytes), 2.0 * n * s.in * s.out},
                 same ? worst : INFINITY, 1e-4);
  }
  for (const Weight& c : copies) b.release(const_cast<void*>(c.data));
}

}  // namespace
}  // namespace quire::bench

int main(int argc, char** argv) {
  quire::bench::Workbench bench(argc, argv);
  for (const quire::bench::Shape& s : quire::bench::kShapes) quire::bench::measure(bench, s);
  return bench.result();
}
