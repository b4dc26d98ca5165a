#include "models/decoder.h"

namespace quire {

void Decoder::embed(const DeviceStep& step, Scratch& s) const {
  b_.embed(s.residual, w_.embed, step.tokens, step.tables, step.last_token, spec_.embed_scale);
}

void Decoder::forward(const DeviceStep& step, std::span<const KvView> kv, Scratch& s) const {
  Mat add{};  // what the block before left to add
  for (size_t i = 0; i < spec_.blocks.size(); ++i) {
    const Block& block = spec_.blocks[i];
    const BlockWeights& w = w_.blocks[i];
    b_.norm(s.x, s.residual, add, w.before_mix, block.before_mix);
    mix(block, w, kv[i], step, s);
    if (block.after_mix) b_.norm(s.mixed, s.mixed, {}, w.after_mix, block.after_mix);
    b_.norm(s.x, s.residual, s.mixed, w.before_mlp, block.before_mlp);
    mlp(block, w, s);
    if (block.after_mlp) b_.norm(s.mixed, s.mixed, {}, w.after_mlp, block.after_mlp);
    add = s.mixed;
  }
  b_.norm(s.x, s.residual, add, w_.final_norm, spec_.final_norm);
  b_.pick_rows(s.hidden, s.x, step.wanted_rows);
}

void Decoder::head(Mat logits, Mat hidden) const {
  b_.linear(logits, hidden, w_.head);
  if (spec_.logit_softcap > 0) b_.softcap(logits, spec_.logit_softcap);
}

void Decoder::mix(const Block& block, const BlockWeights& w, const KvView& kv, const DeviceStep& step,
                  Scratch& s) const {
  const Attention& a = block.mix;
  const Mat qkv = s.qkv.col_range(0, (a.heads + 2 * a.kv_heads) * a.head_dim);
  b_.linear(qkv, s.x, w.mix.qkv);
  b_.place_qkv(qkv, kv, step.tables, a, w.mix.q_norm, w.mix.k_norm);
  const Mat q = qkv.col_range(0, a.heads * a.head_dim);
  b_.attend(q, q, kv, step.tables, a);
  b_.linear(s.mixed, q, w.mix.out);
  b_.sum_ranks(s.mixed);
}

void Decoder::mlp(const Block& block, const BlockWeights& w, Scratch& s) const {
  if (auto* m = std::get_if<Mlp>(&block.mlp)) {
    const MlpWeights& v = std::get<MlpWeights>(w.mlp);
    const Mat inner = s.inner.col_range(0, m->width);
    b_.mlp_in(inner, s.x, v.gate_up, *m);
    b_.linear(s.mixed, inner, v.down);
  } else {
    const Moe& e = std::get<Moe>(block.mlp);
    const MoeWeights& v = std::get<MoeWeights>(w.mlp);
    const Mat router = s.router.col_range(0, e.experts), weights = s.expert_weights.col_range(0, e.per_token);
    const MutIntSpan chosen = s.experts.range(0, s.x.rows * e.per_token);
    b_.linear(router, s.x, v.router);
    b_.route(weights, chosen, router, e);
    b_.experts(s.mixed, s.x, weights, chosen, v.gate_up, v.down, e);
  }
  b_.sum_ranks(s.mixed);
}

}  // namespace quire
