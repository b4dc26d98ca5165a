// A mixture of experts: which experts a row gets, and the weighted sum of what they say. Rows are sorted by
// expert, so that an expert's weights are read once; the second product adds to a row expert by expert in
// ascending id, in one thread for each panel of outputs.
#include <algorithm>

#include "backends/cpu/cpu_backend.h"
#include "backends/cpu/product_of.h"

namespace quire::cpu {

namespace {

// The `count` largest, ties to the lower id, in ascending id; valid ids even where there is NaN.
void choose(const float* logits, int32_t experts, int32_t count, int32_t* to) {
  for (int32_t j = 0; j < count; ++j) {
    int32_t best = -1;
    for (int32_t e = 0; e < experts; ++e) {
      if (best >= 0 && !(logits[e] > logits[best])) continue;
      if (std::find(to, to + j, e) == to + j) best = e;
    }
    to[j] = best;
  }
  std::sort(to, to + count);
}

}  // namespace

void CpuBackend::route(Mat weights, MutIntSpan experts, Mat logits, const Moe& m) {
  QUIRE_CHECK(logits.cols == m.experts && weights.cols == m.per_token && m.per_token <= m.experts);
  QUIRE_CHECK(weights.rows == logits.rows && experts.size == logits.rows * m.per_token);
  QUIRE_CHECK(logits.dtype == DType::kF32 && weights.dtype == DType::kF32);
  reserve_scratch(m.experts);
  constexpr int32_t kRows = 16;
  share((logits.rows + kRows - 1) / kRows, int64_t{8} * logits.rows * m.experts * m.per_token,
        [&](int32_t tile, int32_t worker) {
          for (int32_t i = tile * kRows; i < std::min(logits.rows, (tile + 1) * kRows); ++i) {
            const float* l = logits.f32(i);
            int32_t* chosen = experts.data + static_cast<int64_t>(i) * m.per_token;
            choose(l, m.experts, m.per_token, chosen);
            const float top = *std::max_element(l, l + m.experts);
            float* e = scratch(worker);
            for (int32_t j = 0; j < m.experts; ++j) e[j] = l[j] - top;
            k_.exp(e, m.experts);
            float all = 0, kept = 0;
            for (int32_t j = 0; j < m.experts; ++j) all += e[j];
            for (int32_t j = 0; j < m.per_token; ++j) kept += e[chosen[j]];
            for (int32_t j = 0; j < m.per_token; ++j)
              weights.f32(i)[j] = e[chosen[j]] / (m.renormalize ? kept : all);
          }
        });
}

void CpuBackend::sort_by_expert(IntSpan experts, Mat weights, const Moe& m) {
  const auto pairs = static_cast<size_t>(experts.size);
  expert_begin_.assign(static_cast<size_t>(m.experts) + 1, 0);
  for (int32_t p = 0; p < experts.size; ++p) {
    QUIRE_CHECK(experts.data[p] >= 0 && experts.data[p] < m.experts);
    ++expert_begin_[static_cast<size_t>(experts.data[p]) + 1];
  }
  expert_rows_.clear();
  for (int32_t e = 0; e < m.experts; ++e) {
    const int32_t begin = expert_begin_[static_cast<size_t>(e)];
    int32_t& end = expert_begin_[static_cast<size_t>(e) + 1];
    end += begin;
    for (int32_t first = begin; first < end; first += kRowBlock)
      expert_rows_.push_back({e, first, std::min(kRowBlock, end - first)});
  }
  sorted_row_.resize(pairs);
  sorted_weight_.resize(pairs);
  for (int32_t p = 0; p < experts.size; ++p) {
    const int32_t row = p / m.per_token;
    const auto at = static_cast<size_t>(expert_begin_[static_cast<size_t>(experts.data[p])]++);
    sorted_row_[at] = row;
    sorted_weight_[at] = weights.f32(row)[p % m.per_token];
  }
}

void CpuBackend::experts(Mat out, Mat x, Mat weights, IntSpan experts, const Weight& gate_up,
                         const Weight& down, const Moe& m) {
  QUIRE_CHECK(out.rows == x.rows && experts.size == x.rows * m.per_token && out.cols == down.out);
  QUIRE_CHECK(gate_up.count == m.experts && down.count == m.experts && gate_up.out == 2 * m.width);
  QUIRE_CHECK(x.cols == gate_up.in && down.in == m.width && weights.dtype == DType::kF32 &&
              out.dtype == DType::kF32);
  sort_by_expert(experts, weights, m);
  const auto pairs = static_cast<int64_t>(experts.size);
  if (static_cast<int64_t>(inner_.size()) < pairs * m.width)
    inner_.resize(static_cast<size_t>(pairs * m.width));
  const Mat inner = {inner_.data(), DType::kF32, experts.size, m.width, m.width};
  const auto parts = static_cast<int32_t>(expert_rows_.size());

  const auto block = [this](int32_t part) {
    const ExpertRows& rows = expert_rows_[static_cast<size_t>(part)];
    return RowBlock{rows.first, rows.count};
  };

  const int32_t panels = panels_of(m.width);
  const PackedRows wide = pack_rows(x, parts, block, sorted_row_.data());
  share(parts * panels, pairs * gate_up.in * gate_up.out, [&](int32_t tile, int32_t worker) {
    const ExpertRows& part = expert_rows_[static_cast<size_t>(tile / panels)];
    Product p = product_of(gate_up, part.expert, inner, wide, pool_.threads());
    p.width = m.width;
    p.act = m.act;
    k_.gated(p, {tile % panels, 1}, part.first, part.count, scratch(worker));
  });

  const PackedRows narrow = pack_rows(inner, parts, block);
  share(panels_of(down.out), pairs * down.in * down.out, [&](int32_t panel, int32_t worker) {
    const int32_t column = panel * kPanel, columns = std::min(kPanel, down.out - column);
    for (int32_t i = 0; i < out.rows; ++i) std::fill_n(out.f32(i) + column, columns, 0.0f);
    for (const ExpertRows& part : expert_rows_) {
      // The next weights are another expert's: no panel of this one is to be fetched.
      Product p = product_of(down, part.expert, out, narrow, panels_of(down.out));
      p.y_row = sorted_row_.data();
      p.weight = sorted_weight_.data();
      k_.add(p, panel, part.first, part.count, scratch(worker));
    }
  });
}

}  // namespace quire::cpu
