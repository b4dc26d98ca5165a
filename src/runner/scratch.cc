#include "runner/scratch.h"

#include <algorithm>

namespace quire {
namespace {

struct Widths {
  int32_t qkv = 0, inner = 0, experts = 0, per_token = 0;
};

Widths widths(const ModelSpec& spec) {
  Widths w;
  for (const Block& b : spec.blocks) {
    w.qkv = std::max(w.qkv, (b.mix.heads + 2 * b.mix.kv_heads) * b.mix.head_dim);
    if (auto* m = std::get_if<Mlp>(&b.mlp)) w.inner = std::max(w.inner, m->width);
    if (auto* e = std::get_if<Moe>(&b.mlp)) {
      w.experts = std::max(w.experts, e->experts);
      w.per_token = std::max(w.per_token, e->per_token);
    }
  }
  return w;
}

Mat shape(DType dtype, int32_t rows, int32_t cols) { return {nullptr, dtype, rows, cols, cols}; }

struct Need {
  Mat* to;
  Mat shape;
};

std::vector<Need> needs(const Backend& b, const ModelSpec& spec, int32_t tokens, Scratch& s, Mat& logits) {
  const Widths w = widths(spec);
  const DType act = b.activation();
  return {{&s.x, shape(act, tokens, spec.width)},
          {&s.residual, shape(DType::kF32, tokens, spec.width)},
          {&s.qkv, shape(act, tokens, w.qkv)},
          {&s.mixed, shape(DType::kF32, tokens, spec.width)},
          {&s.inner, shape(act, tokens, w.inner)},
          {&s.hidden, shape(act, tokens, spec.width)},
          {&s.router, shape(DType::kF32, tokens, w.experts)},
          {&s.expert_weights, shape(DType::kF32, tokens, w.per_token)},
          {&logits, shape(DType::kF32, std::min(tokens, kHeadRows), spec.vocab)}};
}

size_t bytes_of(const Mat& m) {
  return static_cast<size_t>(m.rows) * static_cast<size_t>(m.cols) * dtype_size(m.dtype);
}

size_t expert_ids(const ModelSpec& spec, int32_t tokens) {
  return static_cast<size_t>(tokens) * static_cast<size_t>(widths(spec).per_token);
}

}  // namespace

size_t ScratchMemory::bytes(const Backend& backend, const ModelSpec& spec, int32_t max_tokens) {
  Scratch s;
  Mat logits;
  size_t sum = expert_ids(spec, max_tokens) * sizeof(int32_t);
  for (const Need& n : needs(backend, spec, max_tokens, s, logits)) sum += bytes_of(n.shape);
  return sum;
}

Status ScratchMemory::allocate(Backend& backend, const ModelSpec& spec, int32_t max_tokens) {
  auto take = [&](size_t bytes) -> Result<std::byte*> {
    memory_.emplace_back();
    if (Status s = memory_.back().reserve(backend, std::max<size_t>(bytes, 1)); !s.ok()) return s;
    return memory_.back().data();
  };
  for (const Need& n : needs(backend, spec, max_tokens, all_, logits_)) {
    auto data = take(bytes_of(n.shape));
    if (!data.ok()) return data.status();
    *n.to = n.shape;
    n.to->data = data.value();
  }
  auto ids = take(expert_ids(spec, max_tokens) * sizeof(int32_t));
  if (!ids.ok()) return ids.status();
  all_.experts = {reinterpret_cast<int32_t*>(ids.value()),
                  static_cast<int32_t>(expert_ids(spec, max_tokens))};
  return {};
}

Scratch ScratchMemory::views(int32_t tokens, int32_t wanted) const {
  Scratch s = all_;
  for (Mat* m : {&s.x, &s.residual, &s.qkv, &s.mixed, &s.inner, &s.router, &s.expert_weights})
    m->rows = tokens;
  s.hidden.rows = wanted;
  return s;
}

}  // namespace quire
