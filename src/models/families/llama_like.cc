#include "models/families/llama_like.h"

#include <cmath>
#include <string>

namespace quire {
namespace {

// Wider than any model known, and small enough that a product of two fits 64 bits with room.
constexpr int32_t kMostVocab = 1 << 24, kMostWidth = 1 << 17, kMostMlpWidth = 1 << 20, kMostLayers = 1024;
constexpr int32_t kMostHeads = 1024, kMostPositions = 1 << 27;

Act read_act(Fields& c, const LlamaLike& otherwise) {
  const std::string_view act = c.text(otherwise.act_field, otherwise.act);
  if (act == "silu" || act == "swish") return Act::kSilu;
  if (act == "gelu") return Act::kGelu;
  if (act == "gelu_pytorch_tanh" || act == "gelu_new") return Act::kGeluTanh;
  if (act == "relu2") return Act::kRelu2;
  c.unknown(otherwise.act_field, "silu, swish, gelu, gelu_pytorch_tanh, gelu_new and relu2");
  return Act::kSilu;
}

int32_t read_head_dim(Fields& c, const LlamaLike& otherwise, int32_t width, int32_t heads) {
  const int32_t least = 2, most = kMaxHeadDim;
  if (c.has("head_dim")) return c.integer("head_dim", least, most);
  if (otherwise.head_dim > 0) return otherwise.head_dim;
  const std::string sum = std::to_string(width) + " / " + std::to_string(heads);
  if (width % heads != 0)
    c.fail("num_attention_heads", "does not divide hidden_size (" + sum + "), and there is no head_dim.");
  else if (width / heads < least || width / heads > most)
    c.fail("head_dim", "would be hidden_size / num_attention_heads = " + sum + "; it must be in [" +
                           std::to_string(least) + ", " + std::to_string(most) + "].");
  return c.ok() ? width / heads : least;
}

Attention read_attention(Fields& c, const LlamaLike& otherwise, int32_t width) {
  Attention a;
  a.heads = c.integer("num_attention_heads", 1, kMostHeads);
  const bool all = otherwise.kv_heads == 0 || c.is_null("num_key_value_heads");
  a.kv_heads = c.integer("num_key_value_heads", 1, kMostHeads, all ? a.heads : otherwise.kv_heads);
  if (a.heads % a.kv_heads != 0)
    c.fail("num_key_value_heads", "(" + std::to_string(a.kv_heads) + ") must divide num_attention_heads (" +
                                      std::to_string(a.heads) + ").");
  a.head_dim = read_head_dim(c, otherwise, width, a.heads);
  if (a.head_dim % 2 != 0)
    c.fail("head_dim", "(" + std::to_string(a.head_dim) + ") must be even: rotary positions turn pairs.");
  a.scale = 1.0f / std::sqrt(static_cast<float>(a.head_dim));
  a.rope = read_rope(c, a.head_dim, {.theta = otherwise.rope_theta, .by_type = otherwise.rope_by_type});
  return a;
}

}  // namespace

void llama_like(Fields& c, const LlamaLike& otherwise, ModelSpec& m) {
  m.vocab = c.integer("vocab_size", 1, kMostVocab);
  m.width = c.integer("hidden_size", 1, kMostWidth);
  m.max_positions = c.integer("max_position_embeddings", 1, kMostPositions, otherwise.max_positions);
  m.tied_head = c.flag("tie_word_embeddings", otherwise.tied_head);
  m.final_norm = {.eps = c.number("rms_norm_eps", 0.0f, 1.0f, otherwise.eps)};

  Block b;
  b.before_mix = b.before_mlp = m.final_norm;
  b.mix = read_attention(c, otherwise, m.width);
  b.mlp = Mlp{.width = c.integer("intermediate_size", 1, kMostMlpWidth), .act = read_act(c, otherwise)};
  const int32_t layers = c.integer("num_hidden_layers", 1, kMostLayers);
  if (c.ok()) m.blocks.assign(static_cast<size_t>(layers), b);
}

void read_attention_bias(Fields& c, ModelSpec& m) {
  const bool bias = c.flag("attention_bias", false);
  for (Block& b : m.blocks) b.qkv_bias = b.out_bias = bias;
}

void add_head_norms(ModelSpec& m) {
  for (Block& b : m.blocks) b.mix.q_norm = b.mix.k_norm = b.before_mix;
}

}  // namespace quire
