// Sampling, rule by rule: masks, bias, penalties, ties, what is bad, the noise, and exactness by lines.
#include <algorithm>

#include "backend/noise.h"
#include "tests/backends/lines.h"

namespace quire::test {
namespace {

const Settings kGreedy = {0};

// Calls test(device) for every backend on one and on two threads.
template <class Test>
void on_each(Test test) {
  for (const std::string& name : backends_under_test())
    for (const int32_t n : {1, 2}) {
      CAPTURE(name);
      CAPTURE(n);
      Device d(name, threads(n));
      test(d);
    }
}

int32_t greedy(Device& d, const Floats& logits, Settings s) {
  s.temperature = 0;
  const Sampled got = sample(d, logits, s);
  CHECK(got.bad == Ints{0});
  CHECK(got.last_token == got.tokens);
  return got.tokens[0];
}

// How often each token comes in `draws` at different positions.
Ints histogram(Device& d, const Floats& logits, const Settings& s, int32_t draws) {
  const auto vocab = static_cast<int32_t>(logits.size());
  Floats all;
  Ints positions;
  for (int32_t i = 0; i < draws; ++i)
    all.insert(all.end(), logits.begin(), logits.end()), positions.push_back(i);
  Ints times(at(vocab));
  for (int32_t t : sample(d, vocab, all, {s}, Ints(at(draws)), positions).tokens) ++times[at(t)];
  return times;
}

// The design's rule: the largest logit / temperature + Gumbel noise. Empty if two are too close to call.
std::vector<int32_t> by_definition(const Floats& logits, double temperature, uint64_t seed,
                                   int32_t position) {
  std::vector<std::pair<double, int32_t>> scores;
  for (size_t t = 0; t < logits.size(); ++t) {
    const auto token = static_cast<int32_t>(t);
    const auto u = static_cast<double>(noise_uniform(noise_bits(seed, position, token, Noise::kSample)));
    scores.emplace_back(static_cast<double>(logits[t]) / temperature - std::log(-std::log(u)), token);
  }
  std::sort(scores.rbegin(), scores.rend());
  if (scores[0].first - scores[1].first < 1e-4) return {};
  return {scores[0].second};
}

}  // namespace

TEST_CASE("sample: greedy is the largest, ties to the lowest id") {
  on_each([](Device& d) {
    CHECK(greedy(d, {1, 3, 2}, {}) == 1);
    CHECK(greedy(d, {1, 3, 3, 3}, {}) == 1);
    CHECK(greedy(d, {-1, -3, -1}, {}) == 0);
    CHECK(greedy(d, {-kInf, -1e30f, -kInf}, {}) == 1);
    Floats many(301, 0.5f);
    CHECK(greedy(d, many, {}) == 0);
    many[300] = many[297] = many[100] = 0.75f;
    CHECK(greedy(d, many, {}) == 100);
    many[100] = 0;
    CHECK(greedy(d, many, {}) == 297);
  });
}

TEST_CASE("sample: allowed tokens and held ones") {
  on_each([](Device& d) {
    Settings s;
    s.allowed = {true, false, false, true};
    CHECK(greedy(d, {1, 9, 8, 2}, s) == 3);
    s.held = {3, 1}, s.held_before = 6;
    CHECK(greedy(d, {1, 9, 8, 2}, s) == 0);  // the position is 5
    s.held_before = 5;
    CHECK(greedy(d, {1, 9, 8, 2}, s) == 3);
    Settings last;
    last.allowed.assign(301, false);
    last.allowed[300] = true;
    CHECK(greedy(d, Floats(301, 1.0f), last) == 300);
  });
}

TEST_CASE("sample: bias is added before the penalties") {
  on_each([](Device& d) {
    Settings s;
    s.bias = {{2, 5.0f}, {0, -1.0f}};
    CHECK(greedy(d, {4, 3.5f, 0}, s) == 2);
    s.bias = {{0, -1.0f}};
    CHECK(greedy(d, {4, 3.5f, 0}, s) == 1);
    // -1 + 3 = 2, then / 2 = 1; the other way round it would be -2 + 3 = 1 too, so 4 tells them apart: 2.5
    // or 2.
    s.bias = {{0, 4.0f}}, s.repetition_penalty = 2, s.counts = {1, 0};
    CHECK(greedy(d, {-1, 1.75f}, s) == 1);
    CHECK(greedy(d, {-1, 1.25f}, s) == 0);
    // A token that is not allowed stays out, whatever its bias.
    Settings out;
    out.allowed = {false, true}, out.bias = {{0, 100.0f}};
    CHECK(greedy(d, {0, 0}, out) == 1);
  });
}

TEST_CASE("sample: repetition, then frequency, then presence") {
  on_each([](Device& d) {
    Settings s;
    s.repetition_penalty = 2;
    s.counts = {kInPrompt, 0, 0};
    CHECK(greedy(d, {4, 2.5f, 1}, s) == 1);     // 4 / 2
    CHECK(greedy(d, {-1, -1.5f, -3}, s) == 1);  // -1 * 2
    s = {};
    s.frequency_penalty = 0.5f;
    s.counts = {3, kInPrompt, kInPrompt + 1};
    CHECK(greedy(d, {4, 2.25f, 2}, s) == 0);     // 4 - 1.5
    CHECK(greedy(d, {3.5f, 2.25f, 2}, s) == 1);  // a prompt's token is not counted
    CHECK(greedy(d, {0, 0, 0.75f}, s) == 2);
    CHECK(greedy(d, {0, 0.5f, 0.75f}, s) == 1);  // 0.75 - 0.5
    s = {};
    s.presence_penalty = 1;
    s.counts = {7, kInPrompt, 0};
    CHECK(greedy(d, {4, 2.5f, 2}, s) == 0);  // once, however often
    CHECK(greedy(d, {3, 2.5f, 2}, s) == 1);
    s.presence_penalty = -1;
    CHECK(greedy(d, {2, 2.5f, 2}, s) == 0);
    s.presence_penalty = 1, s.repetition_penalty = 2, s.frequency_penalty = 0.25f, s.counts = {2, 0, 0};
    CHECK(greedy(d, {8, 2.625f, 0}, s) == 1);  // 8 / 2 - 0.5 - 1 = 2.5
    CHECK(greedy(d, {8, 2.375f, 0}, s) == 0);
  });
}

TEST_CASE("sample: a sampled token is counted, and is its slot's last") {
  on_each([](Device& d) {
    Settings s = kGreedy, other = kGreedy;
    s.counts = {0, kInPrompt + 2, 5};
    // Slot 2 samples twice, and its first token weighs on its second; slot 1 does not take part.
    other.counts = {0, 0, 0}, other.presence_penalty = 1;
    const Sampled got = sample(d, 3, {0, 1, 0, 3, 0, 2.5f, 3, 0, 2.5f}, {s, s, other}, {0, 2, 2}, {9, 4, 5});
    CHECK(got.tokens == Ints{1, 0, 2});
    CHECK(got.last_token == Ints{1, -7, 2});
    CHECK(got.counts[0] == Ints{0, kInPrompt + 3, 5});
    CHECK(got.counts[1] == s.counts);
    CHECK(got.counts[2] == Ints{1, 0, 1});
  });
}

TEST_CASE("sample: what is bad gives token 0 and harms no other line") {
  on_each([](Device& d) {
    for (const float temperature : {0.0f, 1.0f}) {
      Settings s = {temperature}, none = s, held = s, tight = s;
      s.counts = {0, 0, 0};
      none.allowed = {false, false, false};
      held.allowed = {false, true, false}, held.held = {1}, held.held_before = 100;
      tight.allowed = {false, true, true};
      const Floats logits = {0,     kNaN,  1,      // bad
                             kInf,  0,     0,      // bad
                             -kInf, 2,     -kInf,  // good
                             -kInf, -kInf, -kInf,  // bad
                             1,     2,     3,      // bad: nothing is allowed
                             1,     2,     3,      // bad: what is allowed is held
                             1,     -kInf, -kInf,  // bad: what is allowed is impossible
                             kNaN,  1,     2};     // bad, though the NaN is not allowed
      const Sampled got =
          sample(d, 3, logits, {s, s, s, s, none, held, tight, tight}, {0, 1, 2, 3, 4, 5, 6, 7}, Ints(8, 3));
      CHECK(got.bad == Ints{1, 1, 0, 1, 1, 1, 1, 1});
      CHECK(got.tokens == Ints{0, 0, 1, 0, 0, 0, 0, 0});
      CHECK(got.last_token == got.tokens);
      CHECK(got.counts[0] == Ints{0, 0, 0});
      CHECK(got.counts[2] == Ints{0, 1, 0});
    }
  });
}

TEST_CASE("sample: top_k keeps all ties of the k-th value") {
  on_each([](Device& d) {
    Settings s;
    s.top_k = 2;
    const Ints ties = histogram(d, {1, 2, 1, 0.99f, 1}, s, 2000);
    CHECK(ties[1] > 500);
    CHECK(std::min({ties[0], ties[2], ties[4]}) > 200);
    CHECK(ties[3] == 0);
    s.top_k = 1;
    CHECK(histogram(d, {1, 2, 1, 0.99f, 1}, s, 200) == Ints{0, 200, 0, 0, 0});
    s.top_k = 5;
    CHECK(histogram(d, {1, 2, 1, 0.99f, 1}, s, 2000)[3] > 100);
    s.top_k = 1000000;  // more than there are
    CHECK(histogram(d, {1, 2, 1, 0.99f, 1}, s, 2000)[3] > 100);
  });
}

TEST_CASE("sample: top_p walks down, ties by id, and keeps the token that crosses") {
  on_each([](Device& d) {
    const float half = std::log(0.5f), quarter = std::log(0.25f);
    Settings s;
    s.top_p = 0.6f;  // 1/2 + 1/4 of the lower id
    const Ints low = histogram(d, {quarter, half, quarter}, s, 2000);
    CHECK(low[0] > 500);
    CHECK(low[1] > 1000);
    CHECK(low[2] == 0);
    s.top_p = 0.45f;
    CHECK(histogram(d, {quarter, half, quarter}, s, 200) == Ints{0, 200, 0});
    s.top_p = 1e-9f;  // at least one: the lowest id of the largest
    CHECK(histogram(d, {1, 1, 1}, s, 200) == Ints{200, 0, 0});
    s.top_p = 0.8f;
    CHECK(histogram(d, {quarter, half, quarter}, s, 2000)[2] > 300);
    // After top_k: of 1/2, 1/4, 1/4 without the last, top_p 0.6 keeps 2/3 only.
    s.top_p = 0.6f, s.top_k = 2;
    CHECK(histogram(d, {std::log(0.24f), half, std::log(0.26f)}, s, 200) == Ints{0, 200, 0});
  });
}

TEST_CASE("sample: min_p is relative to the largest probability after temperature") {
  on_each([](Device& d) {
    const Floats logits = {std::log(0.6f), std::log(0.25f), std::log(0.15f)};
    Settings s;
    s.min_p = 0.3f;  // of 0.6: out below 0.18
    const Ints got = histogram(d, logits, s, 2000);
    CHECK(got[1] > 300);
    CHECK(got[2] == 0);
    s.temperature = 2;  // flatter: 0.15 / 0.6 becomes 1/2
    CHECK(histogram(d, logits, s, 2000)[2] > 300);
    s.min_p = 1;  // only the largest, all of them
    const Ints ties = histogram(d, {1, 2, 2}, s, 2000);
    CHECK(ties[0] == 0);
    CHECK(std::min(ties[1], ties[2]) > 800);
  });
}

TEST_CASE("sample: the token is the largest logit / temperature + Gumbel noise of (seed, position, token)") {
  for (const std::string& name : backends_under_test())
    for (const int32_t vocab : {2, 5, 301, 5000}) {
      CAPTURE(name);
      CAPTURE(vocab);
      Device d(name, threads(2));
      int32_t clear = 0;
      for (int32_t i = 0; i < 50; ++i) {
        const Floats logits = normal(static_cast<uint64_t>(i), vocab, 2);
        Settings s;
        s.temperature = 0.7f + 0.1f * static_cast<float>(i % 8);
        s.seed = 0x9e3779b97f4a7c15 * static_cast<uint64_t>(i + 1);
        const int32_t position = i * 997;
        const auto want = by_definition(logits, static_cast<double>(s.temperature), s.seed, position);
        if (want.empty()) continue;
        ++clear;
        CHECK(sample(d, logits, s, position).tokens == want);
      }
      CHECK(clear > 40);
    }
}

TEST_CASE("sample: a line's token does not depend on other lines, slots or threads") {
  const int32_t vocab = 301, lines = 70;
  std::vector<Settings> slots;
  Ints position;
  const Floats logits = normal(77, int64_t{lines} * vocab, 3);
  for (int32_t i = 0; i < lines; ++i) {
    Settings s;
    s.seed = static_cast<uint64_t>(i) * 12345,
    s.temperature = i % 5 == 0 ? 0.0f : 0.5f + 0.1f * static_cast<float>(i % 7);
    s.top_k = i % 3 == 0 ? 20 : 0, s.top_p = i % 4 == 0 ? 0.8f : 1.0f, s.min_p = i % 6 == 0 ? 0.01f : 0.0f;
    if (i % 2 == 0) {
      s.repetition_penalty = 1.3f, s.frequency_penalty = 0.2f, s.presence_penalty = -0.1f;
      for (int32_t t = 0; t < vocab; ++t)
        s.counts.push_back(t % 11 == i % 11 ? kInPrompt * (t % 2) + t % 4 : 0);
    }
    slots.push_back(s);
    position.push_back(1000 - i);
  }
  check_rows_exact(lines, 1, [&](Device& d, int32_t begin, int32_t count) {
    Ints slot;
    for (int32_t i = begin; i < begin + count; ++i) slot.push_back(i);
    return sample(d, vocab, rows_of(logits, vocab, begin, count), slots, slot,
                  rows_of(position, 1, begin, count))
        .tokens;
  });
  for (const std::string& name : other_backends()) {  // and all backends draw the same
    Device ref("ref"), other(name, threads(2));
    Ints slot;
    for (int32_t i = 0; i < lines; ++i) slot.push_back(i);
    CHECK(sample(other, vocab, logits, slots, slot, position).tokens ==
          sample(ref, vocab, logits, slots, slot, position).tokens);
  }
}

}  // namespace quire::test
