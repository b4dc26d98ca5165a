// Runs a ModelSpec: the only forward pass in the program. Three parts, so that a pipeline stage can
// run the middle one and a vision tower can write rows of the first one's result.
#pragma once
#include <span>
#include <variant>
#include <vector>

#include "backend/backend.h"
#include "models/spec.h"

namespace quire {

struct AttentionWeights {
  Weight qkv, out, q_norm, k_norm;
};
struct MlpWeights {
  Weight gate_up, down;
};
struct MoeWeights {
  Weight router, gate_up, down;  // experts stacked: Weight::count
};
struct BlockWeights {
  Weight before_mix, after_mix, before_mlp, after_mlp;
  AttentionWeights mix;
  std::variant<MlpWeights, MoeWeights> mlp;
};
struct ModelWeights {
  Weight embed, final_norm, head;  // tied: embed and head are views of one copy
  std::vector<BlockWeights> blocks;
};

// Memory of one step, allocated once for the largest; models/scratch.cc says how large. Views are cut to the
// step's tokens.
struct Scratch {
  Mat x, residual, qkv, mixed, inner, hidden;  // inner: between the two halves of an mlp
  Mat router, expert_weights;
  MutIntSpan experts;
};

struct DeviceStep {  // one StepPlan, on the device
  StepTables tables;
  IntSpan tokens;       // -1: the last token of its slot
  IntSpan last_token;   // [slots]
  IntSpan wanted_rows;  // tokens whose hidden state is wanted: sampled or scored
};

inline constexpr int32_t kHeadRows = 64;  // logits exist for so many rows at a time

class Decoder {
 public:
  // All three outlive it.
  Decoder(Backend& backend, const ModelSpec& spec, const ModelWeights& weights)
      : b_(backend), spec_(spec), w_(weights) {}

  void embed(const DeviceStep& step, Scratch& s) const;                                // into s.residual
  void forward(const DeviceStep& step, std::span<const KvView> kv, Scratch& s) const;  // into s.hidden
  void head(Mat logits, Mat hidden) const;  // at most kHeadRows rows; called piece by piece

 private:
  void mix(const Block&, const BlockWeights&, const KvView&, const DeviceStep&, Scratch&) const;
  void mlp(const Block&, const BlockWeights&, Scratch&) const;

  Backend& b_;
  const ModelSpec& spec_;
  const ModelWeights& w_;
};

}  // namespace quire
