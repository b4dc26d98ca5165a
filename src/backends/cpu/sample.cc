// The next token of each line, in the order of backend/sample_args.h. Logits are read once for the largest of
// all and of every kLogitChunk tokens; what follows looks only into chunks whose largest may matter, and
// sorts at most a few dozen tokens. Values are f32 after each step; sums of probabilities are in double.
#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>

#include "backends/cpu/cpu_backend.h"
#include "backends/cpu/natural_log.h"

namespace quire::cpu {

namespace {

using Candidate = LineScratch::Candidate;
constexpr float kInfinity = std::numeric_limits<float>::infinity();

struct Line {
  const Kernels& k;
  const SlotSampling& s;
  LineScratch& scratch;
  const float* logits;
  int32_t vocab, position;
  float top = 0;  // the largest value, which is logit / temperature
};

bool changes_logits(const SlotSampling& s, int32_t position) {
  return s.allowed != nullptr || s.num_bias > 0 || s.counts != nullptr ||
         (s.num_held > 0 && position < s.held_before);
}

// A copy of the logits after allowed tokens, held tokens, bias and penalties.
void edit(Line& line) {
  const SlotSampling& s = line.s;
  std::vector<float>& to = line.scratch.edited;
  to.assign(line.logits, line.logits + line.vocab);
  if (s.allowed != nullptr)
    for (int32_t t = 0; t < line.vocab; ++t)
      if ((s.allowed[t / 32] >> (t % 32) & 1) == 0) to[static_cast<size_t>(t)] = -kInfinity;
  const auto at = [&](int32_t token) -> float& {
    QUIRE_CHECK(token >= 0 && token < line.vocab);
    return to[static_cast<size_t>(token)];
  };
  if (line.position < s.held_before)
    for (int32_t i = 0; i < s.num_held; ++i) at(s.held[i]) = -kInfinity;
  for (int32_t i = 0; i < s.num_bias; ++i) at(s.bias[i].token) += s.bias[i].bias;
  if (s.counts != nullptr)
    for (int32_t t = 0; t < line.vocab; ++t) {
      const int32_t seen = s.counts[t], sampled = seen & (kInPrompt - 1);
      if (seen == 0) continue;
      float& v = to[static_cast<size_t>(t)];
      v = v > 0 ? v / s.repetition_penalty : v * s.repetition_penalty;
      if (sampled == 0) continue;
      v -= s.frequency_penalty * static_cast<float>(sampled);
      v -= s.presence_penalty;
    }
  line.logits = to.data();
}

// Every token whose value is at least `cut`, in ascending id, with its probability over that of the largest.
void collect(Line& line, float cut) {
  LineScratch& s = line.scratch;
  s.left.clear();
  s.values.clear();
  const float temperature = line.s.temperature;
  for (int32_t begin = 0; begin < line.vocab; begin += kLogitChunk) {
    if (s.maxima[static_cast<size_t>(begin / kLogitChunk)] / temperature < cut) continue;
    for (int32_t t = begin; t < std::min(line.vocab, begin + kLogitChunk); ++t) {
      const float v = line.logits[t] / temperature;
      if (v >= cut) s.left.push_back({v, t, 0}), s.values.push_back(v - line.top);
    }
  }
  line.k.exp(s.values.data(), static_cast<int32_t>(s.values.size()));
  for (size_t i = 0; i < s.left.size(); ++i) s.left[i].p = s.values[i];
}

// A value that all tokens kept by top-k and min-p have at least; fewer than all have it in a usual line. The
// k-th of the chunks' largest is one: k tokens have as much.
float cut_of(const Line& line, bool top_k) {
  float cut = -kInfinity;
  LineScratch& s = line.scratch;
  if (line.s.min_p > 0)
    cut = line.top + static_cast<float>(natural_log(static_cast<double>(line.s.min_p))) - 0.01f;
  if (top_k && static_cast<size_t>(line.s.top_k) <= s.maxima.size()) {
    s.values.assign(s.maxima.begin(), s.maxima.end());
    const auto kth = s.values.begin() + (line.s.top_k - 1);
    std::nth_element(s.values.begin(), kth, s.values.end(), std::greater<>());
    cut = std::max(cut, *kth / line.s.temperature);
  }
  return cut;
}

void keep_top_k(std::vector<Candidate>& left, std::vector<float>& values, int32_t k) {
  if (static_cast<size_t>(k) >= left.size()) return;
  values.clear();
  for (const Candidate& c : left) values.push_back(c.value);
  std::nth_element(values.begin(), values.begin() + (k - 1), values.end(), std::greater<>());
  const float kth = values[static_cast<size_t>(k) - 1];
  std::erase_if(left, [&](const Candidate& c) { return c.value < kth; });
}

double mass_of(const std::vector<Candidate>& left, size_t begin, size_t end) {
  double sum = 0;
  for (size_t i = begin; i < end; ++i) sum += static_cast<double>(left[i].p);
  return sum;
}

// The shortest beginning of the walk (value down, id up) that weighs `mass` or more, at least one: found by
// halving, so that only its end is sorted.
void keep_mass(std::vector<Candidate>& left, double mass) {
  const auto before = [](const Candidate& a, const Candidate& b) {
    return a.value != b.value ? a.value > b.value : a.token < b.token;
  };
  const auto at = [&](size_t i) { return left.begin() + static_cast<std::ptrdiff_t>(i); };
  size_t kept = 0, end = left.size();  // those before kept stay, those from end on go
  double sum = 0;
  while (end - kept > 64) {
    const size_t middle = kept + (end - kept) / 2;
    std::nth_element(at(kept), at(middle), at(end), before);
    const double half = mass_of(left, kept, middle);
    if (sum + half >= mass) end = middle;
    else sum += half, kept = middle;
  }
  std::sort(at(kept), at(end), before);
  for (; kept < end && (kept == 0 || sum < mass); ++kept) sum += static_cast<double>(left[kept].p);
  left.resize(kept);
}

// top-p alone, over the whole vocabulary: the tokens within a distance of the largest, more and more until
// they weigh enough.
void collect_top_p(Line& line) {
  LineScratch& s = line.scratch;
  s.sums.resize(s.maxima.size());
  line.k.exp_sums(line.logits, line.vocab, line.s.temperature, line.top, s.sums.data());
  double all = 0;
  for (const float v : s.sums) all += static_cast<double>(v);
  const double mass = static_cast<double>(line.s.top_p) * all;
  for (int32_t distance = 2; distance < 256; distance *= 2) {
    collect(line, line.top - static_cast<float>(distance));
    if (mass_of(s.left, 0, s.left.size()) >= mass) break;
  }
  keep_mass(s.left, mass);
}

int32_t draw_from_all(const Line& line, int32_t first) {
  const SlotSampling& s = line.s;
  const auto draw = [&](Draw best, int32_t begin, int32_t count) {
    return line.k.draw(best, nullptr, begin, line.logits + begin, count, s.temperature, s.seed,
                       line.position);
  };
  Draw best = draw({}, first, 1);
  for (int32_t begin = 0; begin < line.vocab; begin += kLogitChunk) {
    const float most = line.scratch.maxima[static_cast<size_t>(begin / kLogitChunk)] / s.temperature;
    if (most + kMostNoise >= best.value) best = draw(best, begin, std::min(kLogitChunk, line.vocab - begin));
  }
  return best.token;
}

int32_t draw_from_left(const Line& line) {
  LineScratch& s = line.scratch;
  s.ids.clear();
  s.values.clear();
  for (const Candidate& c : s.left) s.ids.push_back(c.token), s.values.push_back(c.value);
  return line.k
      .draw({}, s.ids.data(), 0, s.values.data(), static_cast<int32_t>(s.ids.size()), 1.0f, line.s.seed,
            line.position)
      .token;
}

// -1: bad.
int32_t choose(Line line) {
  LineScratch& scratch = line.scratch;
  const SlotSampling& s = line.s;
  scratch.maxima.resize(static_cast<size_t>((line.vocab + kLogitChunk - 1) / kLogitChunk));
  Scan seen = line.k.scan(line.logits, line.vocab, scratch.maxima.data());
  if (seen.finite && changes_logits(s, line.position)) {
    edit(line);
    seen = line.k.scan(line.logits, line.vocab, scratch.maxima.data());
  }
  if (!seen.finite || seen.token < 0) return -1;
  if (s.temperature <= 0) return seen.token;
  line.top = seen.top / s.temperature;
  if (!std::isfinite(line.top)) return -1;
  const bool top_k = s.top_k > 0 && s.top_k < line.vocab;
  if (!top_k && s.min_p <= 0) {
    if (s.top_p >= 1) return draw_from_all(line, seen.token);
    collect_top_p(line);
    return draw_from_left(line);
  }
  collect(line, cut_of(line, top_k));
  if (s.min_p > 0) std::erase_if(scratch.left, [&](const Candidate& c) { return c.p < s.min_p; });
  if (top_k) keep_top_k(scratch.left, scratch.values, s.top_k);
  if (s.top_p < 1)
    keep_mass(scratch.left, static_cast<double>(s.top_p) * mass_of(scratch.left, 0, scratch.left.size()));
  return draw_from_left(line);
}

}  // namespace

void CpuBackend::sample(Mat logits, const SampleArgs& args) {
  QUIRE_CHECK(logits.dtype == DType::kF32 && args.slot.size == logits.rows);
  reserve_lines(logits);
  share(logits.rows, int64_t{8} * logits.rows * logits.cols, [&](int32_t first, int32_t worker) {
    const int32_t slot = args.slot.data[first];
    // Lines of one slot that follow each other are one thread's: each counts the tokens before it.
    if (first > 0 && args.slot.data[first - 1] == slot) return;
    const SlotSampling& s = args.slots[slot];
    for (int32_t line = first; line < logits.rows && args.slot.data[line] == slot; ++line) {
      const int32_t token = choose({k_, s, lines_[static_cast<size_t>(worker)], logits.f32(line), logits.cols,
                                    args.position.data[line]});
      args.bad.data[line] = token < 0 ? 1 : 0;
      args.tokens.data[line] = args.last_token.data[slot] = std::max(token, 0);
      if (token >= 0 && s.counts != nullptr) ++s.counts[token];
    }
  });
}

}  // namespace quire::cpu
