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

}  // namespace
}  // namespace quire::bench

int main(int argc, char** argv) {
  using namespace quire;
  using namespace quire::bench;
  Workbench bench(argc, argv);
  const Moe m = shape();
  const size_t elements = static_cast<size_t>(m.experts) * static_cast<size_t>(m.width) * kWidth;
  const auto in_rows = stored_values(2 * elements, 0.03f), out_rows = stored_values(elements, 0.03f);
  const Weight cpu_in = Workbench::weight(bench.cpu(), in_rows, 2 * m.width, kWidth, m.experts);
  const Weight cpu_out = Workbench::weight(bench.cpu(), out_rows, kWidth, m.width, m.experts);
  const Weight ref_in = Workbench::weight(bench.ref(), in_rows, 2 * m.width, kWidth, m.experts);
  const Weight ref_out = Workbench::weight(bench.ref(), out_rows, kWidth, m.width, m.experts);
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
