// Matrix products and gated mlps: against float64 loops, against the reference, and exactness by rows.
#include "tests/backends/device.h"

namespace quire::test {
namespace {

struct Shape {
  int32_t rows, out, in;
};
const Shape kShapes[] = {{1, 301, 80}, {2, 1, 1},      {3, 7, 40},   {5, 65, 24},
                         {7, 64, 64},  {33, 129, 257}, {70, 63, 300}};

double activated(Act act, double x) {
  const double pi = std::acos(-1.0);
  switch (act) {
    case Act::kSilu:
      return x * (0.5 + 0.5 * std::tanh(x / 2));  // the logistic function by another name
    case Act::kGelu:
      return x * 0.5 * std::erfc(-x / std::sqrt(2.0));
    case Act::kGeluTanh:
      return 0.5 * x * (1 + std::tanh(std::sqrt(2 / pi) * (x + 0.044715 * std::pow(x, 3))));
    case Act::kRelu2:
      return std::pow(std::max(x, 0.0), 2);
  }
  return 0;
}

Doubles product(const Floats& x, const Floats& w, const Floats& bias, const Shape& s) {
  Doubles y;
  for (int32_t r = 0; r < s.rows; ++r)
    for (int32_t o = 0; o < s.out; ++o) {
      double sum = bias.empty() ? 0.0 : static_cast<double>(bias[at(o)]);
      for (int32_t i = 0; i < s.in; ++i)
        sum += static_cast<double>(x[at(int64_t{r} * s.in + i)]) *
               static_cast<double>(w[at(int64_t{o} * s.in + i)]);
      y.push_back(sum);
    }
  return y;
}

struct Inputs {
  Floats x, w, bias;
};
Inputs inputs(const Shape& s, bool with_bias) {
  const auto seed = static_cast<uint64_t>(s.rows + 100 * s.out + 100000 * s.in);
  return {normal(seed, int64_t{s.rows} * s.in),
          normal(seed + 1, int64_t{s.out} * s.in, 1 / std::sqrt(static_cast<float>(s.in))),
          with_bias ? normal(seed + 2, s.out) : Floats{}};
}

Floats linear(Device& d, const Shape& s, const Inputs& in, Elem stored) {
  const Mat out = d.mat(s.rows, s.out);
  d->linear(out, d.input(s.rows, s.in, in.x), d.matrix(in.w, s.out, s.in, stored, in.bias));
  return d.read(out);
}

Floats mlp_in(Device& d, const Shape& s, const Inputs& in, Act act, Elem stored) {
  const Mat out = d.mat(s.rows, s.out / 2, {}, d->activation());
  d->mlp_in(out, d.input(s.rows, s.in, in.x), d.matrix(in.w, s.out, s.in, stored, in.bias),
            Mlp{s.out / 2, act});
  return d.read(out);
}

constexpr Elem kElems[] = {Elem::kF32, Elem::kF16, Elem::kBF16};
constexpr Act kActs[] = {Act::kSilu, Act::kGelu, Act::kGeluTanh, Act::kRelu2};

}  // namespace

TEST_CASE("linear: the reference is the sum of products") {
  for (const Shape& s : kShapes)
    for (const Elem stored : kElems)
      for (const bool with_bias : {false, true}) {
        Inputs in = inputs(s, with_bias);
        in.w = rounded(in.w, stored);
        Device ref("ref");
        CHECK(worst_error(linear(ref, s, in, stored), product(in.x, in.w, in.bias, s)) < 2e-7);
      }
}

TEST_CASE("linear: with round_like_cpu the reference rounds its weights to bf16") {
  const Shape s = {3, 50, 70};
  Inputs in = inputs(s, true);
  Device ref("ref", rounding());
  const Floats got = linear(ref, s, in, Elem::kF32);
  CHECK(worst_error(got, product(in.x, in.w, in.bias, s)) > 1e-4);
  CHECK(worst_error(got, product(in.x, rounded(in.w, Elem::kBF16), in.bias, s)) < 2e-7);
}

TEST_CASE("linear: with round_inputs the reference rounds what is multiplied") {
  const Shape s = {3, 50, 70};
  Inputs in = inputs(s, true);
  in.w = rounded(in.w, Elem::kBF16);
  Device ref("ref", rounding("cpu/avx512-bf16"));
  const Floats got = linear(ref, s, in, Elem::kF32);
  CHECK(worst_error(got, product(in.x, in.w, in.bias, s)) > 1e-4);
  in.x = rounded(in.x, Elem::kBF16);
  CHECK(worst_error(got, product(in.x, in.w, in.bias, s)) < 2e-7);
}

TEST_CASE("linear: others agree with the reference") {
  for (const std::string& name : other_backends())
    for (const Shape& s : kShapes)
      for (const Elem stored : kElems) {
        CAPTURE(name);
        CAPTURE(s.rows);
        CAPTURE(s.out);
        CAPTURE(s.in);
        const Inputs in = inputs(s, s.rows % 2 == 0);
        Device ref("ref", rounding(name)), other(name, threads(2));
        CHECK(worst_error(linear(other, s, in, stored), linear(ref, s, in, stored)) < 5e-6);
      }
}

TEST_CASE("linear: a row's bits do not depend on other rows or threads") {
  for (const Shape& s : {Shape{70, 130, 300}, Shape{70, 1, 41}}) {
    const Inputs in = inputs(s, true);
    check_rows_exact(s.rows, s.out, [&](Device& d, int32_t begin, int32_t count) {
      const Inputs part = {rows_of(in.x, s.in, begin, count), in.w, in.bias};
      return linear(d, {count, s.out, s.in}, part, Elem::kBF16);
    });
  }
}

TEST_CASE("mlp_in: the reference is act(gate x) * (up x)") {
  for (const Shape& whole : kShapes)
    for (const Act act : kActs)
      for (const bool with_bias : {false, true}) {
        const Shape s = {whole.rows, 2 * whole.out, whole.in};
        const Inputs in = inputs(s, with_bias);
        const Doubles y = product(in.x, in.w, in.bias, s);
        Doubles want;
        for (int64_t r = 0; r < s.rows; ++r)
          for (int64_t o = 0; o < whole.out; ++o)
            want.push_back(activated(act, y[at(r * s.out + o)]) * y[at(r * s.out + whole.out + o)]);
        Device ref("ref");
        CHECK(worst_error(mlp_in(ref, s, in, act, Elem::kF32), want) < 2e-7);
      }
}

TEST_CASE("mlp_in: others agree with the reference") {
  for (const std::string& name : other_backends())
    for (const Shape& whole : kShapes)
      for (const Act act : kActs) {
        const Shape s = {whole.rows, 2 * whole.out, whole.in};
        CAPTURE(name);
        CAPTURE(s.rows);
        CAPTURE(s.out);
        CAPTURE(s.in);
        CAPTURE(static_cast<int>(act));
        const Inputs in = inputs(s, s.rows % 2 == 0);
        Device ref("ref", rounding(name)), other(name, threads(2));
        CHECK(worst_error(mlp_in(other, s, in, act, Elem::kF32), mlp_in(ref, s, in, act, Elem::kF32)) < 2e-5);
      }
}

TEST_CASE("mlp_in: a row's bits do not depend on other rows or threads") {
  const Shape s = {70, 2 * 65, 80};
  const Inputs in = inputs(s, true);
  for (const Act act : kActs)
    check_rows_exact(s.rows, s.out / 2, [&](Device& d, int32_t begin, int32_t count) {
      const Inputs part = {rows_of(in.x, s.in, begin, count), in.w, in.bias};
      return mlp_in(d, {count, s.out, s.in}, part, act, Elem::kBF16);
    });
}

TEST_CASE("mlp_in: extreme gates do not make NaN") {
  for (const std::string& name : backends_under_test())
    for (const Act act : {Act::kSilu, Act::kGelu, Act::kGeluTanh}) {
      CAPTURE(name);
      CAPTURE(static_cast<int>(act));
      Device d(name, threads(1));
      const Floats got = mlp_in(d, {4, 2, 1}, {{-200, 200, -20, 0}, {1, 0}, {0, 1}}, act, Elem::kF32);
      CHECK(std::fabs(got[0]) < 1e-30f);
      CHECK(got[1] == 200.0f);
      CHECK(std::fabs(got[2]) < 1e-7f);
      CHECK(got[3] == 0.0f);
    }
}

}  // namespace quire::test
