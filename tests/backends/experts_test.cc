// Routing and mixtures of experts: against float64 loops, against the reference, and exactness by rows.
#include <algorithm>
#include <numeric>

#include "tests/backends/device.h"

namespace quire::test {
namespace {

struct Shape {
  int32_t rows, width;  // of the residual stream
  Moe moe;
};
const Shape kShapes[] = {{1, 24, {3, 1, 7, Act::kSilu, true}},
                         {2, 80, {4, 4, 40, Act::kGeluTanh, false}},
                         {7, 40, {5, 2, 33, Act::kSilu, false}},
                         {33, 301, {8, 2, 24, Act::kRelu2, true}},
                         {70, 64, {60, 8, 16, Act::kSilu, true}}};

struct Inputs {
  Floats x, logits, gate_up, down, gate_bias = {}, down_bias = {};
};
Inputs inputs(const Shape& s, bool with_bias) {
  const auto seed = static_cast<uint64_t>(s.rows + 100 * s.width);
  const int64_t n = s.moe.experts, w = s.moe.width;
  Inputs in = {normal(seed, int64_t{s.rows} * s.width), normal(seed + 1, s.rows * n),
               normal(seed + 2, n * 2 * w * s.width, 1 / std::sqrt(static_cast<float>(s.width))),
               normal(seed + 3, n * s.width * w, 1 / std::sqrt(static_cast<float>(w)))};
  if (with_bias) in.gate_bias = normal(seed + 4, n * 2 * w), in.down_bias = normal(seed + 5, n * s.width);
  return in;
}

struct Routed {
  Floats weights;
  Ints experts;
};
Routed route(Device& d, int32_t rows, const Floats& logits, const Moe& m) {
  const Mat weights = d.mat(rows, m.per_token);
  const MutIntSpan experts = d.ints(Ints(at(int64_t{rows} * m.per_token), -1));
  d->route(weights, experts, d.mat(rows, m.experts, logits), m);
  return {d.read(weights), d.read(experts)};
}

Floats mixture(Device& d, const Shape& s, const Inputs& in, const Routed& r, Elem stored) {
  const Mat out = d.mat(s.rows, s.width);
  const Weight gate_up = d.matrix(in.gate_up, 2 * s.moe.width, s.width, stored, in.gate_bias, s.moe.experts);
  const Weight down = d.matrix(in.down, s.width, s.moe.width, stored, in.down_bias, s.moe.experts);
  d->experts(out, d.input(s.rows, s.width, in.x), d.mat(s.rows, s.moe.per_token, r.weights),
             d.ints(r.experts), gate_up, down, s.moe);
  return d.read(out);
}

double activated(Act act, double x) {
  if (act == Act::kRelu2) return x > 0 ? x * x : 0;
  if (act == Act::kSilu) return x * (0.5 + 0.5 * std::tanh(x / 2));
  return 0.5 * x * (1 + std::tanh(std::sqrt(2 / std::acos(-1.0)) * (x + 0.044715 * std::pow(x, 3))));
}

// One output of one expert's matrix.
double product(const Floats& w, const Floats& bias, int64_t expert, int64_t out, int64_t row,
               const Doubles& x) {
  double sum = bias.empty() ? 0.0 : static_cast<double>(bias[at(expert * out + row)]);
  for (size_t i = 0; i < x.size(); ++i)
    sum += static_cast<double>(w[at((expert * out + row) * static_cast<int64_t>(x.size())) + i]) * x[i];
  return sum;
}

// Every expert computes every row; those not chosen have weight 0.
Doubles true_mixture(const Shape& s, const Inputs& in) {
  const int64_t n = s.moe.experts, w = s.moe.width;
  Doubles all;
  for (int64_t r = 0; r < s.rows; ++r) {
    Doubles p, out(at(s.width)), x;
    for (float v : rows_of(in.x, s.width, r, 1)) x.push_back(static_cast<double>(v));
    for (float v : rows_of(in.logits, n, r, 1)) p.push_back(std::exp(static_cast<double>(v)));
    double sum = std::accumulate(p.begin(), p.end(), 0.0);
    Doubles sorted = p;
    std::sort(sorted.rbegin(), sorted.rend());
    const double least = sorted[at(s.moe.per_token - 1)];
    if (s.moe.renormalize) sum = std::accumulate(sorted.begin(), sorted.begin() + s.moe.per_token, 0.0);
    for (int64_t e = 0; e < n; ++e) {
      if (p[at(e)] < least) continue;
      Doubles inner;
      for (int64_t o = 0; o < w; ++o)
        inner.push_back(activated(s.moe.act, product(in.gate_up, in.gate_bias, e, 2 * w, o, x)) *
                        product(in.gate_up, in.gate_bias, e, 2 * w, w + o, x));
      for (int64_t o = 0; o < s.width; ++o)
        out[at(o)] += p[at(e)] / sum * product(in.down, in.down_bias, e, s.width, o, inner);
    }
    all.insert(all.end(), out.begin(), out.end());
  }
  return all;
}

}  // namespace

TEST_CASE("experts: the reference is the weighted sum of the chosen") {
  for (const Shape& s : kShapes)
    for (const bool with_bias : {false, true}) {
      CAPTURE(s.width);
      const Inputs in = inputs(s, with_bias);
      Device ref("ref");
      const Routed r = route(ref, s.rows, in.logits, s.moe);
      CHECK(worst_error(mixture(ref, s, in, r, Elem::kF32), true_mixture(s, in)) < 2e-6);
    }
}

TEST_CASE("experts: others agree with the reference") {
  for (const std::string& name : other_backends())
    for (const Shape& s : kShapes)
      for (const bool with_bias : {false, true}) {
        CAPTURE(name);
        CAPTURE(s.width);
        const Inputs in = inputs(s, with_bias);
        Device ref("ref", rounding(name)), other(name, threads(2));
        const Routed want = route(ref, s.rows, in.logits, s.moe),
                     got = route(other, s.rows, in.logits, s.moe);
        CHECK(got.experts == want.experts);
        CHECK(worst_error(got.weights, want.weights) < 1e-6);
        // What goes into the second product may be rounded the other way: a whole bit of bf16.
        CHECK(worst_error(mixture(other, s, in, want, Elem::kF32), mixture(ref, s, in, want, Elem::kF32)) <
              (rounds_inputs(name) ? 2e-3 : 2e-5));
      }
}

TEST_CASE("route: ascending ids, ties to the lower, weights of a softmax over all") {
  for (const std::string& name : backends_under_test()) {
    CAPTURE(name);
    Device d(name, threads(1));
    const Floats logits = {1, 3, 3, 3, 2,  //
                           0, 0, 0, 0, 0,  //
                           5, 1, 2, 3, 4};
    const Routed kept = route(d, 3, logits, {5, 2, 1, Act::kSilu, true});
    CHECK(kept.experts == Ints{1, 2, 0, 1, 0, 4});
    const double first = 1 / (1 + std::exp(-1.0));
    CHECK(worst_error(kept.weights, Doubles{0.5, 0.5, 0.5, 0.5, first, 1 - first}) < 1e-6);
    const Routed all = route(d, 3, logits, {5, 2, 1, Act::kSilu, false});
    const double row0 = 1 / (3 + std::exp(-1.0) + std::exp(-2.0));
    const double row2 = 1 / (1 + std::exp(-1.0) + std::exp(-2.0) + std::exp(-3.0) + std::exp(-4.0));
    CHECK(all.experts == kept.experts);
    CHECK(worst_error(all.weights, Doubles{row0, row0, 0.2, 0.2, row2, row2 * std::exp(-1.0)}) < 1e-6);
  }
}

TEST_CASE("route: NaN chooses valid experts, and large logits do not overflow") {
  for (const std::string& name : backends_under_test()) {
    CAPTURE(name);
    Device d(name, threads(1));
    const Moe m = {4, 2, 1, Act::kSilu, true};
    const Routed bad = route(d, 2, {kNaN, kNaN, kNaN, kNaN, 1, kNaN, 0, 2}, m);
    for (size_t i = 0; i < bad.experts.size(); i += 2) {
      CHECK(bad.experts[i] >= 0);
      CHECK(bad.experts[i] < bad.experts[i + 1]);
      CHECK(bad.experts[i + 1] < 4);
    }
    CHECK(worst_error(route(d, 1, {3e38f, -3e38f, 3e38f, 0}, m).weights, Doubles{0.5, 0.5}) < 1e-6);
  }
}

TEST_CASE("experts: a row's bits do not depend on other rows or threads") {
  for (const Shape& s : {kShapes[3], kShapes[4]}) {
    const Inputs in = inputs(s, true);
    Device ref("ref");
    const Routed r = route(ref, s.rows, in.logits, s.moe);
    check_rows_exact(s.rows, s.width, [&](Device& d, int32_t begin, int32_t count) {
      const Inputs part = {
          rows_of(in.x, s.width, begin, count), {}, in.gate_up, in.down, in.gate_bias, in.down_bias};
      return mixture(d, {count, s.width, s.moe}, part,
                     {rows_of(r.weights, s.moe.per_token, begin, count),
                      rows_of(r.experts, s.moe.per_token, begin, count)},
                     Elem::kBF16);
    });
    check_rows_exact(s.rows, s.moe.per_token, [&](Device& d, int32_t begin, int32_t count) {
      return route(d, count, rows_of(in.logits, s.moe.experts, begin, count), s.moe).weights;
    });
  }
}

}  // namespace quire::test
