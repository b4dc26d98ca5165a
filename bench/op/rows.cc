// What works row by row: norm with the residual's sum, embedding, picking rows, the cap of logits; 1B widths.
// For few rows all of it lies in caches, so that a fraction of the memory's rate may be above 100 %.
#include "bench/op/workbench.h"

namespace quire::bench {
namespace {

constexpr int32_t kWidth = 2048, kVocab = 128256;

void norms(Workbench& bench, int32_t rows) {
  const auto count = static_cast<size_t>(rows) * kWidth;
  const std::vector<float> weights = values(kWidth);
  const auto made = [&](Backend& b) {
    Weight w;
    w.layout.elem = Elem::kF32;
    w.out = 1, w.in = kWidth;
    w.data = Workbench::mat(b, 1, kWidth, weights).data;
    return w;
  };
  const auto run = [&](Backend& b, int times, double* seconds) {
    const Mat residual = Workbench::mat(b, rows, kWidth, values(count, 1, 5));
    const Mat x = Workbench::mat(b, rows, kWidth, values(count, 1, 77)),
              out = Workbench::mat(b, rows, kWidth);
    const Weight w = made(b);
    b.norm(out, residual, x, w, {});
    if (times == 0) return out;
    const Mat warm = Workbench::mat(b, rows, kWidth);
    *seconds = median_seconds(times, [&](int) { b.norm(warm, residual, x, w, {}); });
    return out;
  };
  double t = 0;
  const Mat got = run(bench.cpu(), 51, &t), want = run(bench.ref(), 0, nullptr);
  bench.report("norm, " + std::to_string(rows) + " rows", t, {16.0 * static_cast<double>(count), 0},
               worst_difference(got, want), 1e-5);
}

void embed(Workbench& bench, int32_t rows) {
  const auto stored = stored_values(size_t{kVocab} * kWidth, 1.0f);
  std::vector<int32_t> tokens;
  for (int32_t i = 0; i < rows; ++i) tokens.push_back((i * 7919 + 13) % kVocab);
  const auto run = [&](Backend& b, int times, double* seconds) {
    const Weight table = Workbench::weight(b, stored, kVocab, kWidth);
    const Mat out = Workbench::mat(b, rows, kWidth);
    const IntSpan ids = Workbench::ints(b, tokens);
    b.embed(out, table, ids, {}, {}, 1.0f);
    if (times > 0) *seconds = median_seconds(times, [&](int) { b.embed(out, table, ids, {}, {}, 1.0f); });
    return out;
  };
  double t = 0;
  const Mat got = run(bench.cpu(), 51, &t), want = run(bench.ref(), 0, nullptr);
  bench.report("embed, " + std::to_string(rows) + " rows", t, {6.0 * rows * kWidth, 0},
               worst_difference(got, want), 0);
}

void caps(Workbench& bench, int32_t rows) {
  const std::vector<float> logits = values(static_cast<size_t>(rows) * kVocab, 60);
  const Mat x = Workbench::mat(bench.cpu(), rows, kVocab, logits);
  const Mat want = Workbench::mat(bench.ref(), rows, kVocab, logits);
  bench.cpu().softcap(x, 30), bench.ref().softcap(want, 30);
  const double error = worst_difference(x, want);
  const double t = median_seconds(15, [&](int) { bench.cpu().softcap(x, 30); });
  bench.report("softcap, " + std::to_string(rows) + " rows", t, {8.0 * rows * kVocab, 0}, error, 1e-5);
}

void picks(Workbench& bench, int32_t rows) {
  const Mat x = Workbench::mat(bench.cpu(), 512, kWidth, values(size_t{512} * kWidth));
  const Mat out = Workbench::mat(bench.cpu(), rows, kWidth);
  std::vector<int32_t> which;
  for (int32_t i = 0; i < rows; ++i) which.push_back(i * 37 % 512);
  const IntSpan list = Workbench::ints(bench.cpu(), which);
  const double t = median_seconds(51, [&](int) { bench.cpu().pick_rows(out, x, list); });
  double error = 0;
  for (int32_t i = 0; i < rows; ++i)
    if (std::memcmp(out.f32(i), x.f32(which[static_cast<size_t>(i)]), kWidth * sizeof(float)) != 0) error = 1;
  bench.report("pick, " + std::to_string(rows) + " rows", t, {8.0 * rows * kWidth, 0}, error, 0);
}

}  // namespace
}  // namespace quire::bench

int main(int argc, char** argv) {
  using namespace quire::bench;
  Workbench bench(argc, argv);
  for (const int32_t rows : {1, 32, 512}) norms(bench, rows);
  for (const int32_t rows : {1, 32, 512}) embed(bench, rows);
  for (const int32_t rows : {1, 32}) caps(bench, rows);
  for (const int32_t rows : {1, 32}) picks(bench, rows);
  return bench.result();
}
