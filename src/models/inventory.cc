#include "models/inventory.h"

#include <algorithm>

namespace quire {
namespace {

// Our names, and what most checkpoints on the hub call them: the layout of Llama in transformers.
constexpr Name kCommonNames[] = {
    {"embed", "model.embed_tokens"},
    {"final_norm", "model.norm"},
    {"head", "lm_head"},
    {"layers.{}.before_mix", "model.layers.{}.input_layernorm"},
    {"layers.{}.q", "model.layers.{}.self_attn.q_proj"},
    {"layers.{}.k", "model.layers.{}.self_attn.k_proj"},
    {"layers.{}.v", "model.layers.{}.self_attn.v_proj"},
    {"layers.{}.out", "model.layers.{}.self_attn.o_proj"},
    {"layers.{}.q_norm", "model.layers.{}.self_attn.q_norm"},
    {"layers.{}.k_norm", "model.layers.{}.self_attn.k_norm"},
    {"layers.{}.before_mlp", "model.layers.{}.post_attention_layernorm"},
    {"layers.{}.gate", "model.layers.{}.mlp.gate_proj"},
    {"layers.{}.up", "model.layers.{}.mlp.up_proj"},
    {"layers.{}.down", "model.layers.{}.mlp.down_proj"},
    {"layers.{}.router", "model.layers.{}.mlp.gate"},
    {"layers.{}.experts.{e}.gate", "model.layers.{}.mlp.experts.{e}.gate_proj"},
    {"layers.{}.experts.{e}.up", "model.layers.{}.mlp.experts.{e}.up_proj"},
    {"layers.{}.experts.{e}.down", "model.layers.{}.mlp.experts.{e}.down_proj"},
};

std::string filled(std::string_view pattern, const Part& part) {
  std::string s(pattern);
  auto put = [&](std::string_view hole, int32_t v) {
    if (const size_t at = s.find(hole); at != std::string::npos)
      s.replace(at, hole.size(), std::to_string(v));
  };
  put("{}", part.layer);
  put("{e}", part.expert);
  return s;
}

class Lister {
 public:
  explicit Lister(std::vector<Entry>& to) : list_(to) {}
  int32_t layer = -1;

  void vector(Weight& to, std::string_view name, int32_t length, bool plus_one) {
    list_.push_back({&to, 1, length, 1, true, false, plus_one, {{name, layer, -1, 0, 1}}});
  }
  void norm(Weight& to, std::string_view name, int32_t length, const Norm& n) {
    if (n) vector(to, name, length, n.plus_one);
  }
  struct Rows {
    std::string_view name;
    int32_t rows = 0;
  };
  void matrix(Weight& to, int32_t in, bool bias, std::initializer_list<Rows> parts, int32_t experts = 0) {
    Entry e{.to = &to, .in = in, .count = std::max(1, experts), .bias = bias};
    for (int32_t i = 0; i < e.count; ++i) {
      int32_t row = 0;
      for (const Rows& p : parts) {
        e.parts.push_back({p.name, layer, experts > 0 ? i : -1, row, p.rows});
        row += p.rows;
      }
      e.out = row;
    }
    list_.push_back(std::move(e));
  }

 private:
  std::vector<Entry>& list_;
};

void list_block(const Block& b, int32_t width, BlockWeights& w, Lister& list) {
  const Attention& a = b.mix;
  list.norm(w.before_mix, "layers.{}.before_mix", width, b.before_mix);
  list.matrix(w.mix.qkv, width, b.qkv_bias,
              {{"layers.{}.q", a.heads * a.head_dim},
               {"layers.{}.k", a.kv_heads * a.head_dim},
               {"layers.{}.v", a.kv_heads * a.head_dim}});
  list.norm(w.mix.q_norm, "layers.{}.q_norm", a.head_dim, a.q_norm);
  list.norm(w.mix.k_norm, "layers.{}.k_norm", a.head_dim, a.k_norm);
  list.matrix(w.mix.out, a.heads * a.head_dim, b.out_bias, {{"layers.{}.out", width}});
  list.norm(w.after_mix, "layers.{}.after_mix", width, b.after_mix);
  list.norm(w.before_mlp, "layers.{}.before_mlp", width, b.before_mlp);
  if (auto* m = std::get_if<Mlp>(&b.mlp)) {
    auto& v = w.mlp.emplace<MlpWeights>();
    list.matrix(v.gate_up, width, b.mlp_bias, {{"layers.{}.gate", m->width}, {"layers.{}.up", m->width}});
    list.matrix(v.down, m->width, b.mlp_bias, {{"layers.{}.down", width}});
  } else {
    const Moe& e = std::get<Moe>(b.mlp);
    auto& v = w.mlp.emplace<MoeWeights>();
    list.matrix(v.router, width, false, {{"layers.{}.router", e.experts}});
    list.matrix(v.gate_up, width, false,
                {{"layers.{}.experts.{e}.gate", e.width}, {"layers.{}.experts.{e}.up", e.width}}, e.experts);
    list.matrix(v.down, e.width, false, {{"layers.{}.experts.{e}.down", width}}, e.experts);
  }
  list.norm(w.after_mlp, "layers.{}.after_mlp", width, b.after_mlp);
}

}  // namespace

int64_t Entry::elements() const { return int64_t{count} * out * in + (bias ? int64_t{count} * out : 0); }

std::vector<Entry> inventory(const ModelSpec& spec, ModelWeights& weights) {
  std::vector<Entry> entries;
  Lister list(entries);
  weights.blocks.resize(spec.blocks.size());
  list.matrix(weights.embed, spec.width, false, {{"embed", spec.vocab}});
  for (size_t i = 0; i < spec.blocks.size(); ++i) {
    list.layer = static_cast<int32_t>(i);
    list_block(spec.blocks[i], spec.width, weights.blocks[i], list);
  }
  list.layer = -1;
  list.norm(weights.final_norm, "final_norm", spec.width, spec.final_norm);
  if (!spec.tied_head) list.matrix(weights.head, spec.width, false, {{"head", spec.vocab}});
  return entries;
}

std::vector<std::string> spellings(const ModelSpec& spec, const Part& part) {
  std::vector<std::string> all;
  for (const Name& n : spec.names)
    if (n.ours == part.ours) all.push_back(filled(n.theirs, part));
  if (!all.empty())
    return all;  // the common one may be another tensor there: Gemma's post_attention_layernorm
  for (const Name& n : kCommonNames)
    if (n.ours == part.ours) all.push_back(filled(n.theirs, part));
  return all;
}

Result<std::string> find_name(const ModelSpec& spec, const Part& part, const Checkpoint& checkpoint) {
  const std::vector<std::string> all = spellings(spec, part);
  QUIRE_CHECK(!all.empty());
  for (const std::string& s : all)
    if (checkpoint.find(s + ".weight")) return s;
  const std::vector<std::string_view> names = checkpoint.names();
  for (const std::string& s : all) {  // another spelling of the matrix: "a.b.qweight"
    const std::string prefix = s + ".";
    const auto at = std::ranges::lower_bound(names, std::string_view(prefix));
    if (at != names.end() && at->starts_with(prefix)) return s;
  }
  std::string looked;
  for (const std::string& s : all) looked += (looked.empty() ? "" : " or ") + s + ".weight";
  return Status(Code::kInvalidArgument, checkpoint.path() + ": no tensor " + looked +
                                            "; the config asks for it. Is the checkpoint complete?");
}

}  // namespace quire
