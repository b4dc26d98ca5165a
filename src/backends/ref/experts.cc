// A mixture of experts: which experts a row gets, and the weighted sum of what they say.
#include <algorithm>
#include <cmath>
#include <vector>

#include "backends/ref/activation.h"
#include "backends/ref/ref_backend.h"
#include "backends/ref/rows.h"

namespace quire::ref {
namespace {

// The `count` experts with the largest logits, ties to the lower id, in ascending id. Logits order as the
// probabilities do, and no rounding makes them equal. NaN is never larger: the ids are valid whatever is
// there.
void choose(const float* logits, int32_t experts, int32_t count, int32_t* to) {
  std::vector<char> taken(static_cast<size_t>(experts));
  for (int32_t j = 0; j < count; ++j) {
    int32_t best = -1;
    for (int32_t e = 0; e < experts; ++e)
      if (!taken[static_cast<size_t>(e)] && (best < 0 || logits[e] > logits[best])) best = e;
    taken[static_cast<size_t>(best)] = 1;
    to[j] = best;
  }
  std::sort(to, to + count);
}

}  // namespace

void RefBackend::route(Mat weights, MutIntSpan experts, Mat logits, const Moe& m) {
  QUIRE_CHECK(logits.cols == m.experts && weights.cols == m.per_token && m.per_token <= m.experts);
  QUIRE_CHECK(weights.rows == logits.rows && experts.size == logits.rows * m.per_token);
  for (int32_t i = 0; i < logits.rows; ++i) {
    const float* l = logits.f32(i);
    int32_t* chosen = experts.data + i * m.per_token;
    choose(l, m.experts, m.per_token, chosen);
    const auto top = static_cast<double>(*std::max_element(l, l + m.experts));
    double all = 0, kept = 0;
    for (int32_t e = 0; e < m.experts; ++e) all += std::exp(static_cast<double>(l[e]) - top);
    for (int32_t j = 0; j < m.per_token; ++j) kept += std::exp(static_cast<double>(l[chosen[j]]) - top);
    for (int32_t j = 0; j < m.per_token; ++j)
      weights.f32(i)[j] = static_cast<float>(std::exp(static_cast<double>(l[chosen[j]]) - top) /
                                             (m.renormalize ? kept : all));
  }
}

// Expert after expert, so that each weight is read once; a row's experts are in ascending id, so its sum is
// in that order.
void RefBackend::experts(Mat out, Mat x, Mat weights, IntSpan experts, const Weight& gate_up,
                         const Weight& down, const Moe& m) {
  QUIRE_CHECK(out.dtype == DType::kF32 && x.dtype == DType::kF32 && weights.dtype == DType::kF32);
  QUIRE_CHECK(out.rows == x.rows && experts.size == x.rows * m.per_token && out.cols == down.out);
  QUIRE_CHECK(gate_up.count == m.experts && down.count == m.experts && gate_up.out == 2 * m.width);
  for (int32_t i = 0; i < out.rows; ++i) std::fill_n(out.f32(i), out.cols, 0.0f);
  const auto width = static_cast<size_t>(m.width);
  std::vector<float> gate(static_cast<size_t>(x.cols)), up(static_cast<size_t>(x.cols)), row(width), inner,
      room, more;
  x = inputs(x, room);
  std::vector<int32_t> pairs;  // places in `experts` that name this one
  for (int32_t e = 0; e < m.experts; ++e) {
    pairs.clear();
    for (int32_t p = 0; p < experts.size; ++p)
      if (experts.data[p] == e) pairs.push_back(p);
    if (pairs.empty()) continue;
    inner.resize(pairs.size() * width);
    for (int32_t o = 0; o < m.width; ++o) {
      read_row(gate_up, e, o, gate.data());
      read_row(gate_up, e, m.width + o, up.data());
      for (size_t p = 0; p < pairs.size(); ++p) {
        const float* in = x.f32(pairs[p] / m.per_token);
        const double g = dot(in, gate.data(), x.cols) + bias_of(gate_up, e, o);
        const double u = dot(in, up.data(), x.cols) + bias_of(gate_up, e, m.width + o);
        inner[p * width + static_cast<size_t>(o)] = static_cast<float>(activate(m.act, g) * u);
      }
    }
    const Mat said_in =
        inputs({inner.data(), DType::kF32, static_cast<int32_t>(pairs.size()), m.width, m.width}, more);
    for (int32_t o = 0; o < down.out; ++o) {
      read_row(down, e, o, row.data());
      for (size_t p = 0; p < pairs.size(); ++p) {
        const int32_t i = pairs[p] / m.per_token;
        const double said =
            dot(said_in.f32(static_cast<int32_t>(p)), row.data(), m.width) + bias_of(down, e, o);
        out.f32(i)[o] += weights.f32(i)[pairs[p] % m.per_token] * static_cast<float>(said);
      }
    }
  }
}

}  // namespace quire::ref
