// A mixture of experts: routing, and the experts themselves, on 32 experts of 1,024, four for each row. The
// floor counts the weights of the experts that some row chose.
#include <set>

#include "bench/op/workbench.h"

namespace quire::bench {
namespace {

constexpr int32_t kWidth = 2048;

Moe shape() {
  Moe m;
  m.experts = 32, m.per_token = 4, m.width = 1024;
  return m;
}

Weight load(Backend& b, int32_t count, int32_t out, int32_t in, const std::vector<uint16_t>& stored) {
  Weight rows;
  rows.layout.elem = Elem::kBF16;
  rows.out = out, rows.in = in;
  Weight w;
  w.layout = b.prefer(rows.layout, out, in);
  w.out = out, w.in = in, w.count = count;
  w.stride = b.weight_stride(w);
  w.data = Workbench::allocate(b, b.weight_bytes(w));
  for (int32_t m = 0; m < count; ++m) {
    rows.data = stored.data() + static_cast<size_t>(m) * static_cast<size_t>(out) * static_cast<size_t>(in);
    b.load(w, m, 0, rows);
  }
  return w;
}

std::vector<uint16_t> stored(int32_t count, int32_t out, int32_t in) {
  std::vector<uint16_t> v(static_cast<size_t>(count) * static_cast<size_t>(out) * static_cast<size_t>(in));
  for (size_t i = 0; i < v.size(); ++i) v[i] = float_to_bf16(value(i) * 0.03f);
  return v;
}

}  // namespace
}  // namespace quire::bench

int main(int argc, char** argv) {
  using namespace quire;
  using namespace quire::bench;
  Workbench bench(argc, argv);
  const Moe m = shape();
  const auto in_rows = stored(m.experts, 2 * m.width, kWidth), out_rows = stored(m.experts, kWidth, m.width);
  const auto cpu_in = load(bench.cpu(), m.experts, 2 * m.width, kWidth, in_rows);
  const auto cpu_out = load(bench.cpu(), m.experts, kWidth, m.width, out_rows);
  const auto ref_in = load(bench.ref(), m.experts, 2 * m.width, kWidth, in_rows);
  const auto ref_out = load(bench.ref(), m.experts, kWidth, m.width, out_rows);
  for (const int32_t rows : {1, 8, 64, 512}) {
    const auto logits = values(static_cast<size_t>(rows) * static_cast<size_t>(m.experts), 3);
    const auto x_values = values(static_cast<size_t>(rows) * kWidth, 1, 31);
    struct Side {
      Mat logits, x, weights, out;
      MutIntSpan experts;
    };
    const auto side = [&](Backend& b) {
      Side s;
      s.logits = Workbench::mat(b, rows, m.experts, logits), s.x = Workbench::mat(b, rows, kWidth, x_values);
      s.weights = Workbench::mat(b, rows, m.per_token), s.out = Workbench::mat(b, rows, kWidth);
      s.experts = Workbench::ints(b, std::vector<int32_t>(static_cast<size_t>(rows * m.per_token)));
      return s;
    };
    Side cpu = side(bench.cpu()), ref = side(bench.ref());
    bench.cpu().route(cpu.weights, cpu.experts, cpu.logits, m);
    bench.ref().route(ref.weights, ref.experts, ref.logits, m);
    const std::string name = std::to_string(rows) + " rows";
    const double routed =
        median_seconds(51, [&](int) { bench.cpu().route(cpu.weights, cpu.experts, cpu.logits, m); });
    bench.report("route, " + name, routed, {4.0 * rows * m.experts, 0},
                 worst_difference(cpu.weights, ref.weights), 1e-5);
    const double t = median_seconds(rows > 8 ? 7 : 15, [&](int) {
      bench.cpu().experts(cpu.out, cpu.x, cpu.weights, cpu.experts, cpu_in, cpu_out, m);
    });
    double error = 0;
    if (rows <= 8) {  // the reference is slow
      bench.ref().experts(ref.out, ref.x, ref.weights, ref.experts, ref_in, ref_out, m);
      error = worst_difference(cpu.out, ref.out);
    }
    const std::set<int32_t> used(cpu.experts.data, cpu.experts.data + cpu.experts.size);
    const double one = 3.0 * kWidth * m.width;
    bench.report("experts, " + name, t,
                 {2 * one * static_cast<double>(used.size()), 2 * one * rows * m.per_token}, error, 1e-4);
  }
  return bench.result();
}
