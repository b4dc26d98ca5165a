// Head norms, rotary embedding, the paged cache and attention, played as stories: against float64 loops,
// against the reference, and exactness over schedules, block sizes and threads.
#include "tests/backends/story.h"
#include "tests/long_run.h"

namespace quire::test {
namespace {

struct Shape {
  int32_t heads, kv_heads, dim, rotated;
  int32_t window = 0;
  float softcap = 0;
  bool head_norms = false, plus_one = false;
  float rope_scale = 1;
};
const Shape kShapes[] = {
    {7, 1, 24, 24},
    {7, 7, 40, 40, 5},
    {4, 2, 64, 64, 0, 30, true, true},
    {1, 1, 8, 4, 1},
    {8, 2, 40, 20, 64, 0, true, false, 1.25f},
    {6, 3, 128, 128, 300, 50},
    {2, 1, 256, 0},
};
// Two pieces and more, one position, several rows; the third begins with the first's blocks.
const Ints kLengths = {530, 1, 300, 70, 257};

Story make_story(const Shape& s, const Ints& lengths, int32_t shared) {
  Story story;
  Attention& a = story.attention;
  a.heads = s.heads, a.kv_heads = s.kv_heads, a.head_dim = s.dim;
  a.scale = 1 / std::sqrt(static_cast<float>(s.dim));
  a.window = s.window, a.softcap = s.softcap;
  a.rope.dim = s.rotated, a.rope.scale = s.rope_scale;
  for (int32_t i = 0; i < s.rotated / 2; ++i)
    a.rope.inv_freq[at(i)] =
        std::pow(10000.0f, -2.0f * static_cast<float>(i) / static_cast<float>(s.rotated));
  if (s.head_norms) {
    a.q_norm = a.k_norm = {Norm::Kind::kRms, 1e-6f, s.plus_one};
    story.q_weight = normal(1, s.dim), story.k_weight = normal(2, s.dim);
  }
  for (size_t i = 0; i < lengths.size(); ++i) {
    Sequence q = {lengths[i]};
    q.qkv = normal(10 + i, int64_t{q.length} * story.cols(), 1.5f);
    if (i == 2 && shared > 0) {
      q.parent = 0, q.shared = shared;
      std::copy_n(story.sequences[0].qkv.begin(), int64_t{shared} * story.cols(), q.qkv.begin());
    }
    story.sequences.push_back(std::move(q));
  }
  return story;
}

// --- the same in float64 ------------------------------------------------------

using Heads = std::vector<Doubles>;  // [position * heads + head][dim]

void norm_and_rotate(Doubles& x, int32_t position, const Rope& rope, const Norm& n, const Floats& weight) {
  const auto dim = static_cast<double>(x.size());
  if (n) {
    double squares = 0;
    for (double v : x) squares += v * v;
    for (size_t i = 0; i < x.size(); ++i)
      x[i] *= (static_cast<double>(weight[i]) + (n.plus_one ? 1 : 0)) /
              std::sqrt(squares / dim + static_cast<double>(n.eps));
  }
  const size_t half = at(rope.dim) / 2;
  for (size_t i = 0; i < half; ++i) {
    const auto angle = static_cast<double>(static_cast<float>(position) * rope.inv_freq[i]);
    const double a = x[i], b = x[i + half], scale = static_cast<double>(rope.scale);
    x[i] = (a * std::cos(angle) - b * std::sin(angle)) * scale;
    x[i + half] = (b * std::cos(angle) + a * std::sin(angle)) * scale;
  }
}

Doubles head_of(const Story& story, const Sequence& s, int32_t position, int32_t head) {
  Doubles x;
  for (int32_t i = 0; i < story.attention.head_dim; ++i)
    x.push_back(static_cast<double>(
        s.qkv[at(int64_t{position} * story.cols() + head * story.attention.head_dim + i)]));
  return x;
}

double cached(double v, Elem e) {
  return e == Elem::kF32 ? v : static_cast<double>(rounded(static_cast<float>(v), e));
}

// The positions at which a sequence is judged: some of those that it computes itself, with all near the edges
// of pieces. Float64 loops are slow.
Ints judged(const Sequence& s) {
  Ints positions;
  for (int32_t p = s.shared; p < s.length; ++p)
    if (p < 8 || p % 7 == 0 || (p + 2) % kAttentionPiece < 5 || p == s.length - 1) positions.push_back(p);
  return positions;
}

// q and outputs of one sequence at these positions.
void true_sequence(const Story& story, const Sequence& s, Elem cache, Doubles& q_all, Doubles& out_all) {
  const Attention& a = story.attention;
  Heads keys, values;
  for (int32_t p = 0; p < s.length; ++p)
    for (int32_t h = 0; h < a.kv_heads; ++h) {
      keys.push_back(head_of(story, s, p, a.heads + h));
      norm_and_rotate(keys.back(), p, a.rope, a.k_norm, story.k_weight);
      values.push_back(head_of(story, s, p, a.heads + a.kv_heads + h));
      for (double& v : keys.back()) v = cached(v, cache);
      for (double& v : values.back()) v = cached(v, cache);
    }
  for (const int32_t p : judged(s))
    for (int32_t h = 0; h < a.heads; ++h) {
      Doubles q = head_of(story, s, p, h), scores, out(q.size());
      norm_and_rotate(q, p, a.rope, a.q_norm, story.q_weight);
      const int32_t from = a.window == 0 ? 0 : std::max(0, p + 1 - a.window);
      const auto index = [&](int32_t j) { return at(int64_t{j} * a.kv_heads + h * a.kv_heads / a.heads); };
      for (int32_t j = from; j <= p; ++j) {
        double dot = 0;
        for (size_t i = 0; i < q.size(); ++i) dot += q[i] * keys[index(j)][i];
        dot *= static_cast<double>(a.scale);
        const auto cap = static_cast<double>(a.softcap);
        scores.push_back(cap > 0 ? cap * std::tanh(dot / cap) : dot);
      }
      const double top = *std::max_element(scores.begin(), scores.end());
      double sum = 0;
      for (double& v : scores) sum += v = std::exp(v - top);
      for (int32_t j = from; j <= p; ++j)
        for (size_t i = 0; i < q.size(); ++i) out[i] += scores[at(j - from)] / sum * values[index(j)][i];
      q_all.insert(q_all.end(), q.begin(), q.end());
      out_all.insert(out_all.end(), out.begin(), out.end());
    }
}

// Every sequence of a story.
struct Truth {
  Truth(const Story& story, Elem cache) : story_(story) {
    for (const Sequence& s : story.sequences) {
      q_.emplace_back(), out_.emplace_back();
      true_sequence(story, s, cache, q_.back(), out_.back());
    }
  }
  void check(const Played& got, double tolerance) const {
    const int64_t cols = int64_t{story_.attention.heads} * story_.attention.head_dim;
    for (size_t s = 0; s < q_.size(); ++s) {
      CAPTURE(s);
      Floats q, out;
      for (const int32_t p : judged(story_.sequences[s])) {
        q.insert(q.end(), got.q[s].begin() + p * cols, got.q[s].begin() + (p + 1) * cols);
        out.insert(out.end(), got.out[s].begin() + p * cols, got.out[s].begin() + (p + 1) * cols);
      }
      CHECK(worst_error(q, q_[s]) < tolerance);
      CHECK(worst_error(out, out_[s]) < tolerance);
    }
  }

 private:
  const Story& story_;
  std::vector<Doubles> q_, out_;
};

void check_same(const Played& a, const Played& b) {
  REQUIRE(a.q.size() == b.q.size());
  for (size_t s = 0; s < a.q.size(); ++s) {
    CAPTURE(s);
    REQUIRE(same_bits(a.q[s], b.q[s]));
    REQUIRE(same_bits(a.out[s], b.out[s]));
  }
}

double mean_error(const Floats& got, const Floats& want) {
  double sum = 0;
  size_t count = 0;
  for (size_t i = 0; i < got.size(); ++i) {
    if (std::isnan(want[i])) continue;  // a shared position
    sum += std::fabs(static_cast<double>(got[i]) - static_cast<double>(want[i])), ++count;
  }
  return sum / static_cast<double>(count);
}

// The worst error of what each sequence computes itself.
double worst_of(const Story& story, const std::vector<Floats>& got, const std::vector<Floats>& want) {
  const int64_t cols = int64_t{story.attention.heads} * story.attention.head_dim;
  double worst = 0;
  for (size_t i = 0; i < want.size(); ++i) {
    const int32_t from = story.sequences[i].shared, count = story.sequences[i].length - from;
    worst =
        std::max(worst, worst_error(rows_of(got[i], cols, from, count), rows_of(want[i], cols, from, count)));
  }
  return worst;
}

}  // namespace

// All shapes, or in a short run every second.
std::vector<Shape> shapes() {
  std::vector<Shape> chosen;
  for (size_t i = 0; i < std::size(kShapes); i += long_run() ? 1 : 2) chosen.push_back(kShapes[i]);
  return chosen;
}

TEST_CASE("attention: the reference is softmax(q k) v") {
  for (const Shape& s : shapes()) {
    CAPTURE(s.dim);
    const Story story = make_story(s, kLengths, 256);
    const Truth truth(story, Elem::kF32);
    for (const int32_t block_size : {1, 256}) {
      CAPTURE(block_size);
      Device ref("ref");
      truth.check(play(ref, story, block_size, at_once(story)), 2e-6);
    }
  }
}

TEST_CASE("attention: with round_like_cpu the reference has a cache of bf16") {
  Shape s = kShapes[0];
  s.rotated = 0;  // so that a key rounds from the same float in both
  const Story story = make_story(s, kLengths, 256);
  Device ref("ref", rounding());
  CHECK(ref->cache() == DType::kBF16);
  Truth(story, Elem::kBF16).check(play(ref, story, 16, at_once(story)), 2e-6);
}

TEST_CASE("attention: others agree with the reference") {
  for (Shape s : shapes())
    for (const bool turned : {true, false}) {
      // A key that is turned or normed differs in its last bit before it is rounded to bf16, and then
      // sometimes by a whole bit of bf16. As they are given, all keys are the same.
      if (!turned) s.rotated = 0, s.head_norms = false;
      const bool same_keys = s.rotated == 0 && !s.head_norms;
      const Story story = make_story(s, kLengths, 256);
      for (const std::string& name : other_backends()) {
        CAPTURE(name);
        CAPTURE(s.dim);
        Device ref("ref", rounding(name));
        const Played want = play(ref, story, 16, at_once(story));
        Device other(name, threads(2));
        REQUIRE(other->cache() == ref->cache());
        const Played got = play(other, story, 16, at_once(story));
        CHECK(worst_of(story, got.q, want.q) < 5e-6);
        // A weight, too, may round the other way.
        CHECK(worst_of(story, got.out, want.out) < (same_keys && !rounds_inputs(name) ? 2e-5 : 2e-2));
        for (size_t i = 0; i < want.out.size(); ++i)
          CHECK(mean_error(got.out[i], want.out[i]) < (same_keys ? 2e-6 : 5e-5));
      }
    }
}

TEST_CASE("attention: bits do not depend on schedule, block size or threads") {
  for (const std::string& name : backends_under_test())
    for (const Shape& s : shapes()) {
      CAPTURE(name);
      CAPTURE(s.dim);
      const Story story = make_story(s, {300, 1, 270, 70}, 256);
      Device first(name, threads(1));
      const Played want = play(first, story, 16, at_once(story));
      for (const int32_t block_size : {1, 2, 256}) {
        CAPTURE(block_size);
        Device d(name, threads(block_size == 2 ? 2 : 3));
        check_same(play(d, story, block_size, at_once(story)), want);
        check_same(play(d, story, block_size, at_random(story, static_cast<uint64_t>(block_size))), want);
      }
      for (const int32_t count : {1, 7, 64}) {
        CAPTURE(count);
        Device d(name, threads(count == 64 ? 1 : count == 7 ? 4 : 3));
        check_same(play(d, story, 16, in_pieces(story, count, count == 64)), want);
      }
    }
}

TEST_CASE("attention: bits are the same in blocks larger than a piece") {
  for (const std::string& name : backends_under_test())
    for (const Shape& s : {kShapes[0], kShapes[4]}) {
      CAPTURE(name);
      CAPTURE(s.dim);
      const Story story = make_story(s, {1100, 3, 560}, 512);
      Device one(name, threads(1)), two(name, threads(2));
      const Played want = play(one, story, 16, at_once(story));
      check_same(play(two, story, 512, at_once(story)), want);
      check_same(play(two, story, 512, at_random(story, 9)), want);
    }
}

TEST_CASE("attention: a sequence alone has the bits it has beside others") {
  for (const std::string& name : backends_under_test())
    for (const Shape& s : shapes()) {
      CAPTURE(name);
      CAPTURE(s.dim);
      const Story story = make_story(s, {300, 40, 270}, 0);
      Device d(name, threads(2));
      const Played want = play(d, story, 16, at_random(story, 3));
      for (size_t i = 0; i < 3; ++i) {
        Story alone = story;
        alone.sequences = {story.sequences[i]};
        const Played got = play(d, alone, 16, at_once(alone));
        REQUIRE(same_bits(got.out[0], want.out[i]));
      }
    }
}

TEST_CASE("attention: a cache of f32, where a backend has one") {
  for (const std::string& name : backends_under_test()) {
    Device d(name, threads(1));
    const Story story = make_story(kShapes[4], kLengths, 256);
    if (d->kv_block_bytes({2, 40, 40}, 16, DType::kF32) == 0) continue;
    CAPTURE(name);
    const Played got = play(d, story, 16, at_once(story), DType::kF32);
    Truth(story, Elem::kF32).check(got, name == "ref" ? 2e-6 : 5e-5);
  }
}

}  // namespace quire::test
