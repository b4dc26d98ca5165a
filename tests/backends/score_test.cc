// Logprobs, best lists and ranks: against float64, ties, what is skipped or bad, and exactness by lines.
#include <algorithm>
#include <numeric>

#include "tests/backends/device.h"

namespace quire::test {
namespace {

struct Scored {
  Floats logprobs;  // [lines][1 + most]; NaN where nothing was written
  Ints tokens;      // likewise, -7
  Ints ranks, bad;
};

Scored score(Device& d, int32_t vocab, const Floats& logits, const Ints& wanted, const Ints& best,
             int32_t most, Ints bad = {}) {
  const auto lines = static_cast<int32_t>(wanted.size());
  if (bad.empty()) bad.assign(wanted.size(), 0);
  const Mat m = d.mat(lines, vocab, logits);
  ScoreArgs a;
  a.wanted = d.ints(wanted), a.best = d.ints(best), a.most = most;
  a.logprobs = d.mat(lines, 1 + most);
  a.tokens = d.ints(Ints(at(int64_t{lines} * (1 + most)), -7));
  a.ranks = d.ints(Ints(at(lines), -7)), a.bad = d.ints(bad);
  d->score(m, a);
  REQUIRE(same_bits(d.read(m), logits));
  return {d.read(a.logprobs), d.read(a.tokens), d.read(a.ranks), d.read(a.bad)};
}

Doubles true_logprobs(const Floats& line) {
  double sum = 0;
  for (float v : line) sum += std::exp(static_cast<double>(v));
  Doubles lp;
  for (float v : line) lp.push_back(static_cast<double>(v) - std::log(sum));
  return lp;
}

// All ids by (logit down, id up).
Ints in_order(const Floats& line) {
  Ints ids(line.size());
  std::iota(ids.begin(), ids.end(), 0);
  std::stable_sort(ids.begin(), ids.end(), [&](int32_t a, int32_t b) { return line[at(a)] > line[at(b)]; });
  return ids;
}

// Few different values, so that many tie.
Floats tied(uint64_t seed, int64_t count) {
  Floats v = normal(seed, count, 3);
  for (float& x : v) x = std::round(x * 2) / 2;
  return v;
}

}  // namespace

TEST_CASE("score: every backend against float64, with ties") {
  for (const std::string& name : backends_under_test())
    for (const int32_t vocab : {1, 7, 301, 3000})
      for (const bool ties : {false, true}) {
        CAPTURE(name);
        CAPTURE(vocab);
        Device d(name, threads(2));
        const int32_t lines = 9, most = 20;
        const auto seed = static_cast<uint64_t>(vocab);
        const Floats logits =
            ties ? tied(seed, int64_t{lines} * vocab) : normal(seed, int64_t{lines} * vocab, 4);
        const Ints counts = {0, 1, 5, 20, 2, 3, 20, 19, 7};
        Ints wanted, best;
        for (int32_t i = 0; i < lines; ++i) {
          const Ints order = in_order(rows_of(logits, vocab, i, 1));
          wanted.push_back(i == 0 ? order.front() : i == 1 ? order.back() : (i * 37) % vocab);
          best.push_back(std::min(counts[at(i)], vocab - 1));
        }
        const Scored got = score(d, vocab, logits, wanted, best, most);
        CHECK(got.bad == Ints(at(lines), 0));
        for (int32_t i = 0; i < lines; ++i) {
          CAPTURE(i);
          const Floats line = rows_of(logits, vocab, i, 1);
          const Doubles lp = true_logprobs(line);
          const Ints order = in_order(line);
          Ints tokens = {wanted[at(i)]};
          tokens.insert(tokens.end(), order.begin(), order.begin() + best[at(i)]);
          Doubles want;
          for (int32_t t : tokens) want.push_back(lp[at(t)]);
          Ints got_tokens = rows_of(got.tokens, 1 + most, i, 1);
          Floats got_logprobs = rows_of(got.logprobs, 1 + most, i, 1);
          got_tokens.resize(tokens.size()), got_logprobs.resize(tokens.size());
          CHECK(got_tokens == tokens);
          CHECK(worst_error(got_logprobs, want) < (name == "ref" ? 1e-7 : 1e-6));
          const auto place = std::find(order.begin(), order.end(), wanted[at(i)]) - order.begin();
          CHECK(got.ranks[at(i)] == place + 1);
        }
      }
}

TEST_CASE("score: the whole vocabulary is listed in id order") {
  for (const std::string& name : backends_under_test())
    for (const int32_t most : {301, 400}) {
      CAPTURE(name);
      Device d(name, threads(2));
      const Floats logits = tied(4, 301);
      const Scored got = score(d, 301, logits, {17}, {most}, most);
      Ints ids(301);
      std::iota(ids.begin(), ids.end(), 0);
      CHECK(Ints(got.tokens.begin() + 1, got.tokens.begin() + 302) == ids);
      const Floats listed(got.logprobs.begin() + 1, got.logprobs.begin() + 302);
      CHECK(worst_error(listed, true_logprobs(logits)) < 1e-6);
      CHECK(listed[17] == got.logprobs[0]);
    }
}

TEST_CASE("score: skipped lines stay as they are, bad ones harm no other") {
  for (const std::string& name : backends_under_test()) {
    CAPTURE(name);
    Device d(name, threads(1));
    const Floats logits = {kNaN,  kNaN,  kNaN,   // skipped
                           0,     kNaN,  1,      // bad
                           0,     kInf,  1,      // bad
                           -kInf, -kInf, -kInf,  // bad
                           -kInf, 2,     -kInf,  // good
                           1,     2,     3};     // good, but bad before
    const Scored got = score(d, 3, logits, {0, 0, 0, 0, 0, 2}, {-1, 1, 1, 1, 1, 1}, 1, {0, 0, 0, 0, 0, 1});
    CHECK(got.bad == Ints{0, 1, 1, 1, 0, 1});
    CHECK(got.tokens[0] == -7);
    CHECK(got.ranks[0] == -7);
    CHECK(std::isnan(got.logprobs[0]));
    for (size_t i = 1; i < 4; ++i) {
      CHECK(got.ranks[i] == 0);
      CHECK(got.logprobs[2 * i] == 0.0f);
      CHECK(got.logprobs[2 * i + 1] == 0.0f);
    }
    CHECK(got.logprobs[8] == -kInf);
    CHECK(got.ranks[4] == 2);
    CHECK(got.tokens[9] == 1);
    CHECK(got.logprobs[9] == 0.0f);
    CHECK(got.tokens[11] == 2);
  }
}

TEST_CASE("score: large logits keep their precision") {
  for (const std::string& name : backends_under_test()) {
    CAPTURE(name);
    Device d(name, threads(1));
    const Scored got = score(d, 3, {3e38f, -3e38f, 3e38f, 10000, 9999, -10000}, {2, 1}, {0, 0}, 0);
    CHECK(worst_error(got.logprobs, Doubles{std::log(0.5), -std::log1p(std::exp(1.0))}) < 1e-6);
  }
}

TEST_CASE("score: a line's bits do not depend on other lines or threads") {
  const int32_t vocab = 3001, lines = 70, most = 20;
  const Floats logits = normal(8, int64_t{lines} * vocab, 5);
  Ints wanted, best;
  for (int32_t i = 0; i < lines; ++i) wanted.push_back(i * 41 % vocab), best.push_back(most);
  check_rows_exact(lines, 1 + most, [&](Device& d, int32_t begin, int32_t count) {
    return score(d, vocab, rows_of(logits, vocab, begin, count), rows_of(wanted, 1, begin, count),
                 rows_of(best, 1, begin, count), most)
        .logprobs;
  });
}

}  // namespace quire::test
