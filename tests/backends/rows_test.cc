// What works row by row: embedding, norms, picking rows, the cap of logits.
#include "tests/backends/device.h"

namespace quire::test {
namespace {

struct NormCase {
  int32_t rows, cols;
  bool with_x, plus_one;
  float eps;
};
const NormCase kNorms[] = {{1, 1, true, false, 1e-6f},   {2, 24, false, false, 1e-5f},
                           {3, 80, true, true, 1e-6f},   {5, 301, false, true, 1e-6f},
                           {70, 40, true, false, 1e-5f}, {7, 1000, true, false, 1e-6f}};

struct NormInputs {
  Floats residual, x, w;
};
NormInputs inputs(const NormCase& c) {
  const auto seed = static_cast<uint64_t>(c.rows * 1000 + c.cols);
  return {normal(seed, int64_t{c.rows} * c.cols, 3), normal(seed + 1, int64_t{c.rows} * c.cols),
          normal(seed + 2, c.cols)};
}

// The norm, then the residual as it is left.
Floats norm(Device& d, const NormCase& c, const NormInputs& in, bool in_place) {
  const Mat residual = d.mat(c.rows, c.cols, in.residual), x = c.with_x ? d.mat(c.rows, c.cols, in.x) : Mat{};
  const Mat out = in_place && c.with_x ? x : in_place ? residual : d.mat(c.rows, c.cols, {}, d->activation());
  d->norm(out, residual, x, d.vector(in.w), {Norm::Kind::kRms, c.eps, c.plus_one});
  Floats got = d.read(out);
  if (out.data != residual.data) {
    const Floats left = d.read(residual);
    got.insert(got.end(), left.begin(), left.end());
  }
  return got;
}

Doubles true_norm(const NormCase& c, const NormInputs& in) {
  Doubles out, sums;
  for (int64_t r = 0; r < c.rows; ++r) {
    Doubles v;
    double squares = 0;
    for (int64_t i = r * c.cols; i < (r + 1) * c.cols; ++i) {
      v.push_back(static_cast<double>(in.residual[at(i)] + (c.with_x ? in.x[at(i)] : 0.0f)));
      squares += v.back() * v.back();
    }
    for (int64_t i = 0; i < c.cols; ++i)
      out.push_back(v[at(i)] / std::sqrt(squares / c.cols + static_cast<double>(c.eps)) *
                    (static_cast<double>(in.w[at(i)]) + (c.plus_one ? 1 : 0)));
    sums.insert(sums.end(), v.begin(), v.end());
  }
  out.insert(out.end(), sums.begin(), sums.end());
  return out;
}

// Tables of one row of tokens for each slot given.
StepTables one_token_rows(Device& d, const Ints& slots) {
  StepTables t;
  Ints begin, row;
  for (size_t i = 0; i <= slots.size(); ++i) begin.push_back(static_cast<int32_t>(i));
  row.assign(begin.begin(), begin.end() - 1);
  t.row_begin = d.ints(begin), t.row_of = d.ints(row), t.slot = d.ints(slots);
  return t;
}

}  // namespace

TEST_CASE("norm: every backend against float64") {
  for (const std::string& name : backends_under_test())
    for (const NormCase& c : kNorms) {
      CAPTURE(name);
      CAPTURE(c.rows);
      CAPTURE(c.cols);
      Device d(name, threads(2));
      const NormInputs in = inputs(c);
      const Doubles want = true_norm(c, in);
      CHECK(worst_error(norm(d, c, in, false), want) < (name == "ref" ? 2e-7 : 2e-6));
      const Floats in_place = norm(d, c, in, true);
      CHECK(
          worst_error(in_place, Doubles(want.begin(), want.begin() + static_cast<int64_t>(in_place.size()))) <
          (name == "ref" ? 2e-7 : 2e-6));
    }
}

TEST_CASE("norm: without weights it copies, without an output it adds") {
  for (const std::string& name : backends_under_test()) {
    Device d(name, threads(1));
    const Mat residual = d.mat(2, 3, {1, 2, 3, 4, 5, 6}), out = d.mat(2, 3);
    d->norm(out, residual, d.mat(2, 3, {10, 20, 30, 40, 50, 60}), {}, kNoNorm);
    CHECK(d.read(out) == Floats{11, 22, 33, 44, 55, 66});
    d->norm({}, residual, out, {}, kNoNorm);
    CHECK(d.read(residual) == Floats{22, 44, 66, 88, 110, 132});
  }
}

TEST_CASE("norm: a row's bits do not depend on other rows or threads") {
  const NormCase c = {70, 333, true, true, 1e-6f};
  const NormInputs in = inputs(c);
  check_rows_exact(c.rows, c.cols, [&](Device& d, int32_t begin, int32_t count) {
    const NormInputs part = {rows_of(in.residual, c.cols, begin, count), rows_of(in.x, c.cols, begin, count),
                             in.w};
    Floats got = norm(d, {count, c.cols, true, true, c.eps}, part, false);
    got.resize(got.size() / 2);
    return got;
  });
}

TEST_CASE("embed: rows of the table, -1 is the slot's last token") {
  const int32_t vocab = 301, width = 80;
  const Floats table = normal(5, vocab * width);
  const Ints tokens = {0, 300, -1, 17, -1, 299, 64, 63}, slots = {3, 1, 0, 2, 3, 1, 1, 0},
             last = {5, 6, 7, 128};
  for (const std::string& name : backends_under_test())
    for (const Elem stored : {Elem::kF32, Elem::kF16, Elem::kBF16}) {
      CAPTURE(name);
      Device d(name, threads(2));
      const Mat out = d.mat(8, width);
      const Weight w = d.matrix(table, vocab, width, stored);
      d->embed(out, w, d.ints(tokens), one_token_rows(d, slots), d.ints(last), 1.5f);
      Floats want;
      for (size_t i = 0; i < tokens.size(); ++i)
        for (int32_t c = 0; c < width; ++c) {
          const int32_t token = tokens[i] >= 0 ? tokens[i] : last[at(slots[i])];
          want.push_back(rounded(rounded(table[at(token * width + c)], stored), w.layout.elem) * 1.5f);
        }
      CHECK(d.read(out) == want);
    }
}

TEST_CASE("pick_rows copies the rows named") {
  for (const std::string& name : backends_under_test()) {
    Device d(name, threads(2));
    const Floats x = normal(6, 70 * 24);
    const Ints rows = {69, 0, 0, 33};
    const Mat out = d.mat(4, 24);
    d->pick_rows(out, d.mat(70, 24, x), d.ints(rows));
    Floats want;
    for (int32_t r : rows)
      for (float v : rows_of(x, 24, r, 1)) want.push_back(v);
    CHECK(d.read(out) == want);
  }
}

TEST_CASE("softcap: cap * tanh(x / cap)") {
  for (const std::string& name : backends_under_test()) {
    CAPTURE(name);
    Device d(name, threads(2));
    Floats x = normal(7, 5 * 301, 40);
    x[0] = 1e30f, x[1] = -1e30f, x[2] = 0.0f, x[3] = 1e-20f;
    const Mat m = d.mat(5, 301, x);
    d->softcap(m, 30.0f);
    Doubles want;
    for (float v : x) want.push_back(30 * std::tanh(static_cast<double>(v) / 30));
    CHECK(worst_error(d.read(m), want) < (name == "ref" ? 1e-7 : 1e-6));
    check_rows_exact(5, 301, [&](Device& e, int32_t begin, int32_t count) {
      const Mat part = e.mat(count, 301, rows_of(x, 301, begin, count));
      e->softcap(part, 30.0f);
      return e.read(part);
    });
  }
}

}  // namespace quire::test
