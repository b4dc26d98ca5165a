#include "models/arithmetic.h"

#include <algorithm>

namespace quire {
namespace {

// Elements of a gated mlp: gate, up and down.
double mlp_elements(int32_t model_width, int32_t width) { return 3.0 * model_width * width; }

double mix_elements(const ModelSpec& spec, const Attention& a) {
  const double heads = 2.0 * a.heads + 2.0 * a.kv_heads;  // q and out, k and v
  return heads * a.head_dim * spec.width;
}

double head_elements(const ModelSpec& spec) { return 1.0 * spec.vocab * spec.width; }

int64_t seen(const Attention& a, int64_t context) {
  return a.window > 0 ? std::min<int64_t>(a.window, context) : context;
}

// Keys that the positions [first, first + count) see together.
double keys_seen(const Attention& a, int64_t first, int64_t count) {
  const auto all = [](int64_t n) { return 0.5 * static_cast<double>(n) * static_cast<double>(n + 1); };
  // Positions below the window see all before them and themselves, the others a whole window.
  const int64_t end = first + count, edge = a.window > 0 ? a.window : end;
  const int64_t growing_first = std::min(first, edge), growing_end = std::min(end, edge);
  const int64_t full = count - (growing_end - growing_first);
  return all(growing_end) - all(growing_first) + static_cast<double>(full) * a.window;
}

}  // namespace

double Arithmetic::operations(int64_t first, int64_t count, int64_t logits) const {
  double per_row = 0, attention = 0;
  for (const Block& b : spec_.blocks) {
    per_row += mix_elements(spec_, b.mix);
    if (const auto* mlp = std::get_if<Mlp>(&b.mlp)) {
      per_row += mlp_elements(spec_.width, mlp->width);
    } else {
      const Moe& moe = std::get<Moe>(b.mlp);
      per_row += 1.0 * moe.experts * spec_.width + moe.per_token * mlp_elements(spec_.width, moe.width);
    }
    attention += 2.0 * b.mix.heads * b.mix.head_dim * keys_seen(b.mix, first, count);  // scores and values
  }
  return 2 * (static_cast<double>(count) * per_row + attention +
              static_cast<double>(logits) * head_elements(spec_));
}

double Arithmetic::weights(int64_t rows) const {
  double elements = head_elements(spec_);
  for (const Block& b : spec_.blocks) {
    elements += mix_elements(spec_, b.mix);
    if (const auto* mlp = std::get_if<Mlp>(&b.mlp)) {
      elements += mlp_elements(spec_.width, mlp->width);
    } else {
      const Moe& moe = std::get<Moe>(b.mlp);
      const auto chosen = static_cast<double>(std::min<int64_t>(moe.experts, rows * moe.per_token));
      elements += 1.0 * moe.experts * spec_.width + chosen * mlp_elements(spec_.width, moe.width);
    }
  }
  return elements;
}

double Arithmetic::cache(int64_t context) const {
  double elements = 0;
  for (const Block& b : spec_.blocks)
    elements += 2.0 * b.mix.kv_heads * b.mix.head_dim * static_cast<double>(seen(b.mix, context));
  return elements;
}

}  // namespace quire
