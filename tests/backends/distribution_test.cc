// Distributions of sampled tokens: chi-square of 100,000 draws against probabilities that are computed in
// float64 by the definitions, and independence between positions and between seeds. All seeds are fixed, so a
// test passes always or never; the gate of 1e-6 leaves room for a backend that rounds otherwise.
#include <algorithm>
#include <deque>
#include <numeric>

#include "tests/backends/lines.h"
#include "tests/long_run.h"

namespace quire::test {
namespace {

constexpr double kGate = 1e-6;

// The chance of a chi-square variable with `freedom` degrees to be at least `x`: the regularized upper
// incomplete gamma function, by its series or by its continued fraction (Lentz).
double chance_of(double x, double freedom) {
  const double a = freedom / 2, z = x / 2, front = std::exp(a * std::log(z) - z - std::lgamma(a));
  if (z <= 0) return 1;
  if (z < a + 1) {
    double term = 1 / a, sum = term;
    for (int n = 1; n < 10000 && term > sum * 1e-16; ++n) sum += term *= z / (a + n);
    return 1 - front * sum;
  }
  double b = z + 1 - a, c = 1e300, d = 1 / b, f = d;
  for (int n = 1; n < 10000; ++n) {
    const double an = -n * (n - a);
    b += 2;
    d = 1 / (an * d + b), c = b + an / c;
    f *= c * d;
    if (std::fabs(c * d - 1) < 1e-15) break;
  }
  return front * f;
}

// Cells with fewer than 8 expected are counted together. 0 if something came that cannot come.
double chance(const Ints& times, const Doubles& p) {
  const double draws = std::accumulate(times.begin(), times.end(), 0.0);
  double x = 0, cells = 0, rest_expected = 0, rest_times = 0;
  for (size_t i = 0; i < p.size(); ++i) {
    if (p[i] == 0 && times[i] > 0) return 0;
    if (p[i] * draws < 8) {
      rest_expected += p[i] * draws, rest_times += times[i];
      continue;
    }
    x += std::pow(times[i] - p[i] * draws, 2) / (p[i] * draws), ++cells;
  }
  if (rest_expected > 0) x += std::pow(rest_times - rest_expected, 2) / rest_expected, ++cells;
  return chance_of(x, cells - 1);
}

bool held_back(const Settings& s, int32_t token, int32_t position) {
  return position < s.held_before && std::find(s.held.begin(), s.held.end(), token) != s.held.end();
}

// The probabilities of all tokens, rule by rule.
Doubles true_distribution(const Floats& logits, const Settings& s, int32_t position) {
  std::vector<std::pair<double, size_t>> left;  // (-logit, token): sorts by (probability down, id up)
  for (size_t t = 0; t < logits.size(); ++t) {
    if ((!s.allowed.empty() && !s.allowed[t]) || held_back(s, static_cast<int32_t>(t), position)) continue;
    auto v = static_cast<double>(logits[t]);
    for (const TokenBias& b : s.bias)
      if (at(b.token) == t) v += static_cast<double>(b.bias);
    const int32_t seen = s.counts.empty() ? 0 : s.counts[t], sampled = seen % kInPrompt;
    if (seen > 0) v *= std::pow(static_cast<double>(s.repetition_penalty), v > 0 ? -1 : 1);
    v -= static_cast<double>(s.frequency_penalty) * sampled;
    if (sampled > 0) v -= static_cast<double>(s.presence_penalty);
    left.emplace_back(-v / static_cast<double>(s.temperature), t);
  }
  std::sort(left.begin(), left.end());
  const double top = -left[0].first;
  const auto weight = [&](size_t i) { return std::exp(-left[i].first - top); };
  const auto cut = [&](auto keep) {
    size_t n = 1;
    while (n < left.size() && keep(n)) ++n;
    left.resize(n);
  };
  cut([&](size_t i) { return weight(i) >= static_cast<double>(s.min_p); });
  if (s.top_k > 0)
    cut([&](size_t i) { return i < at(s.top_k) || left[i].first == left[at(s.top_k) - 1].first; });
  double all = 0, before = weight(0);
  for (size_t i = 0; i < left.size(); ++i) all += weight(i);
  cut([&](size_t i) {
    const bool keep = before < static_cast<double>(s.top_p) * all;
    before += weight(i);
    return keep;
  });
  Doubles p(logits.size());
  all = 0;
  for (size_t i = 0; i < left.size(); ++i) all += weight(i);
  for (size_t i = 0; i < left.size(); ++i) p[left[i].second] = weight(i) / all;
  return p;
}

// tokens[seed][position] for `seeds` seeds and `positions` positions from `first`.
std::vector<Ints> draw(std::string_view backend, const Floats& logits, const Settings& settings,
                       int32_t seeds, int32_t positions, int32_t first) {
  const auto vocab = static_cast<int32_t>(logits.size());
  const int32_t batch = 500 / seeds;  // positions of all seeds in one call
  REQUIRE(positions % batch == 0);
  std::vector<Settings> slots;
  Ints slot, position;
  Floats all;
  for (int32_t i = 0; i < seeds * batch; ++i) {
    slots.push_back(settings);
    slots.back().seed = 0x5eed0000 + static_cast<uint64_t>(i % seeds);
    slot.push_back(i), position.push_back(first + i / seeds);
    all.insert(all.end(), logits.begin(), logits.end());
  }
  std::vector<Ints> tokens(at(seeds));
  for (int32_t p = 0; p < positions; p += batch) {
    Device d(backend, threads(2));
    const Sampled got = sample(d, vocab, all, slots, slot, position);
    for (int32_t i = 0; i < seeds * batch; ++i) tokens[at(i % seeds)].push_back(got.tokens[at(i)]);
    for (int32_t& at_position : position) at_position += batch;
  }
  return tokens;
}

Ints histogram(const std::vector<Ints>& tokens, size_t vocab) {
  Ints times(vocab);
  for (const Ints& of_seed : tokens)
    for (int32_t t : of_seed) ++times[at(t)];
  return times;
}

struct Case {
  const char* name;
  Settings settings;
};

std::deque<Case> cases(size_t vocab) {  // whose elements stay where they are while it grows
  Ints counts(vocab);
  std::vector<bool> allowed(vocab);
  for (size_t t = 0; t < vocab; ++t) {
    counts[t] = (t % 3 == 0 ? kInPrompt : 0) + (t % 4 == 1 ? static_cast<int32_t>(t % 5) : 0);
    allowed[t] = t % 3 != 1;
  }
  std::deque<Case> all = {{"plain", {}}};
  const auto add = [&](const char* name) -> Settings& { return all.emplace_back(Case{name, {}}).settings; };
  add("temperature 0.5").temperature = 0.5f;
  add("temperature 1.7").temperature = 1.7f;
  add("top_k 5").top_k = 5;
  add("top_p 0.7").top_p = 0.7f;
  add("min_p 0.1").min_p = 0.1f;
  Settings& cuts = add("temperature 1.4, min_p 0.02, top_k 12, top_p 0.9");
  cuts.temperature = 1.4f, cuts.min_p = 0.02f, cuts.top_k = 12, cuts.top_p = 0.9f;
  Settings& repetition = add("repetition 1.3");
  repetition.repetition_penalty = 1.3f, repetition.counts = counts;
  Settings& presence = add("presence 0.8");
  presence.presence_penalty = 0.8f, presence.counts = counts;
  Settings& frequency = add("frequency -0.4");
  frequency.frequency_penalty = -0.4f, frequency.counts = counts;
  Settings& bias = add("bias");
  bias.bias = {{3, 2.0f}, {7, -100.0f}, {23, 1.0f}, {0, -0.5f}};
  add("allowed").allowed = allowed;
  Settings& held = add("held");
  held.held = {0, 5, 23}, held.held_before = 1 << 20;
  Settings& everything = add("everything");
  everything = cuts;
  everything.bias = bias.bias, everything.allowed = allowed, everything.held = held.held;
  everything.held_before = held.held_before, everything.counts = counts;
  everything.repetition_penalty = 1.2f, everything.presence_penalty = 0.5f,
  everything.frequency_penalty = 0.3f;
  return all;
}

}  // namespace

TEST_CASE("distribution: the chance of a chi-square value") {  // from tables
  CHECK(chance_of(3.841459, 1) == doctest::Approx(0.05).epsilon(1e-6));
  CHECK(chance_of(18.307038, 10) == doctest::Approx(0.05).epsilon(1e-6));
  CHECK(chance_of(3.940299, 10) == doctest::Approx(0.95).epsilon(1e-6));
  CHECK(chance_of(59.703064, 30) == doctest::Approx(0.001).epsilon(1e-5));
}

TEST_CASE("distribution: draws follow the probabilities") {
  const size_t vocab = 24;
  const Floats logits = normal(2026, static_cast<int64_t>(vocab), 1.5f);
  for (const std::string& name : backends_under_test())
    for (const Case& c : cases(vocab)) {
      CAPTURE(name);
      CAPTURE(c.name);
      const int32_t positions = long_run() ? 4000 : 800;
      const Ints times = histogram(draw(name, logits, c.settings, 25, positions, 10), vocab);
      CHECK(chance(times, true_distribution(logits, c.settings, 10)) > kGate);
    }
}

TEST_CASE("distribution: ties at the k-th value share its probability") {
  const Floats logits = {0.5f, 1.5f, 0.5f, 0, 0.5f, 0.25f, 0.5f};
  Settings s;
  s.top_k = 2;
  const double tie = 1 / (4 + std::exp(1.0));
  for (const std::string& name : backends_under_test()) {
    CAPTURE(name);
    const Ints times = histogram(draw(name, logits, s, 25, 2000, 0), logits.size());
    CHECK(chance(times, {tie, 1 - 4 * tie, tie, 0, tie, 0, tie}) > kGate);
  }
}

TEST_CASE("distribution: min_tokens holds a token back until its position, then lets it come") {
  const Floats logits = {1, 0.5f, 0};
  Settings s;
  s.held = {0}, s.held_before = 100;
  for (const std::string& name : backends_under_test()) {
    CAPTURE(name);
    const auto tokens = draw(name, logits, s, 100, 200, 0);
    Ints before(3), after(3);
    for (const Ints& of_seed : tokens)
      for (size_t p = 0; p < of_seed.size(); ++p) ++(p < 100 ? before : after)[at(of_seed[p])];
    CHECK(chance(before, true_distribution(logits, s, 99)) > kGate);
    CHECK(chance(after, true_distribution(logits, s, 100)) > kGate);
    CHECK(after[0] > 0);
  }
}

TEST_CASE("distribution: the test sees a temperature that is 4 % off") {
  const Floats logits = normal(2026, 24, 1.5f);
  Settings wrong;
  wrong.temperature = 1.04f;
  const Ints times = histogram(draw("ref", logits, wrong, 25, 4000, 10), 24);
  CHECK(chance(times, true_distribution(logits, {}, 10)) < kGate);
}

TEST_CASE("distribution: neighbours in position and in seed are independent") {
  const Floats logits = {0.3f, -0.2f, 0.7f, 0, -1, 0.1f};
  const size_t vocab = logits.size();
  const Doubles p = true_distribution(logits, {}, 0);
  Doubles pairs;
  for (double a : p)
    for (double b : p) pairs.push_back(a * b);
  for (const std::string& name : backends_under_test()) {
    CAPTURE(name);
    const auto tokens = draw(name, logits, {}, 50, 2000, 0);
    for (const size_t apart : {size_t{1}, size_t{2}, size_t{16}}) {
      CAPTURE(apart);
      Ints by_position(vocab * vocab), by_seed(vocab * vocab);
      for (size_t s = 0; s < tokens.size(); ++s)
        for (size_t i = 0; i < tokens[s].size(); ++i) {
          // Each draw is in one pair only, so that the pairs are independent too.
          if (i / apart % 2 == 0 && i + apart < tokens[s].size())
            ++by_position[at(tokens[s][i]) * vocab + at(tokens[s][i + apart])];
          if (s / apart % 2 == 0 && s + apart < tokens.size())
            ++by_seed[at(tokens[s][i]) * vocab + at(tokens[s + apart][i])];
        }
      CHECK(chance(by_position, pairs) > kGate);
      CHECK(chance(by_seed, pairs) > kGate);
    }
  }
}

}  // namespace quire::test
