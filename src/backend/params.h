// What operations are told. A ModelSpec is made of these very structs, so nothing is
// translated between a model's description and a kernel's arguments.
#pragma once
#include <array>
#include <cstdint>

namespace quire {

enum class Act : uint8_t { kSilu, kGelu, kGeluTanh, kRelu2 };

struct Norm {
  enum class Kind : uint8_t { kNone, kRms } kind = Kind::kRms;  // kNone: only the cast
  float eps = 1e-6f;
  bool plus_one = false;  // weights are stored minus one
  explicit operator bool() const { return kind != Kind::kNone; }
};
inline constexpr Norm kNoNorm{Norm::Kind::kNone};

inline constexpr int32_t kMaxRopeDim = 512;

struct Rope {
  int32_t dim = 0;     // leading features of a head that are rotated, pairs (i, i + dim / 2); 0: none
  float scale = 1.0f;  // of sine and cosine
  // Radians per position, [dim / 2]. Computed by models/rope.h, whatever the config calls it; by value, as a
  // kernel takes it. The angle is the f32 product of position and frequency, as transformers computes it.
  std::array<float, kMaxRopeDim / 2> inv_freq{};
};

// Attention walks keys in pieces of this size from position 0 and merges them in order, whatever the
// block size (which divides it or is a multiple), so neither blocks nor batches change a bit.
inline constexpr int32_t kAttentionPiece = 256;

inline constexpr int32_t kMaxHeadDim = 512;

struct Attention {  // grouped-query attention over a paged cache
  int32_t heads = 0, kv_heads = 0, head_dim = 0;
  float scale = 0.0f;
  Rope rope;
  int32_t window = 0;                       // keys that a query sees, itself among them; 0: all
  float softcap = 0.0f;                     // scores become cap * tanh(score / cap); 0: none
  Norm q_norm = kNoNorm, k_norm = kNoNorm;  // over each head, before rotary
};

struct Mlp {
  int32_t width = 0;
  Act act = Act::kSilu;
};

struct Moe {
  int32_t experts = 0, per_token = 0, width = 0;
  Act act = Act::kSilu;
  bool renormalize = true;  // the chosen weights sum to 1
};

}  // namespace quire
