// What sampling and scoring read and write on the device.
//
// The order (sampling.md of vLLM's V1 sampler, with our rules for ties): allowed tokens; held-back stop
// tokens; logit bias; repetition, frequency, presence penalties; greedy rows take the argmax; temperature;
// min_p (out: below min_p times the largest probability); top_k with all ties of the k-th value; top_p by
// (probability down, id up), always at least one; then the token with the largest logit / temperature +
// Gumbel noise. Ties go to the lowest id everywhere.
//
// Noise is Philox4x32-10 (Salmon et al., SC 2011) under the request's seed, counted by (position of the
// sampled token, token id, purpose): backend/noise.h. Never a slot, a batch index or a step.
#pragma once
#include "tensor/mat.h"

namespace quire {

struct TokenBias {
  int32_t token = 0;
  float bias = 0.0f;
};

inline constexpr int32_t kInPrompt = 1 << 30;  // a bit of SlotSampling::counts

struct SlotSampling {        // one slot's settings; the pointers are to device memory
  float temperature = 1.0f;  // 0: greedy
  float top_p = 1.0f, min_p = 0.0f;
  int32_t top_k = 0;  // 0: off
  float repetition_penalty = 1.0f, presence_penalty = 0.0f, frequency_penalty = 0.0f;
  uint64_t seed = 0;
  const uint32_t* allowed = nullptr;  // [(vocab + 31) / 32] bits; null: every token is
  const TokenBias* bias = nullptr;    // [num_bias]
  const int32_t* held = nullptr;      // [num_held] tokens left out at positions below held_before
  int32_t num_bias = 0, num_held = 0, held_before = 0;
  int32_t* counts = nullptr;  // in, out [vocab] times sampled, and kInPrompt; null where no penalty is on
};

struct SampleArgs {
  const SlotSampling* slots = nullptr;  // [slots]
  IntSpan slot;                         // [lines] whose logits a line is
  IntSpan position;       // [lines] of the token to be sampled: the prompt's first token is at 0
  MutIntSpan tokens;      // out [lines]
  MutIntSpan last_token;  // out [slots] where the slot's next row reads it
  MutIntSpan bad;  // out [lines] 1, and token 0: a logit is NaN or +infinity, none is left, or the largest
                   // left is not finite; else 0. Only a good line counts
};

// Log-softmax of raw logits, in f32, for tokens that are given. "By logprob" compares logits, which order as
// logprobs do before these are rounded: a greedy token has rank 1. Nothing of a skipped line is written;
// of a bad one the logprobs and the rank are 0.
struct ScoreArgs {
  IntSpan wanted;     // [lines] the token to score
  IntSpan best;       // [lines] how many of the best to list besides, by (logprob down, id up); at least
                      // the vocabulary: all, in id order; -1: the line is skipped
  int32_t most = 0;   // the largest of `best`
  Mat logprobs;       // out f32 [lines][1 + most]: the wanted one's, then the best
  MutIntSpan tokens;  // out [lines * (1 + most)] likewise
  MutIntSpan
      ranks;       // out [lines] of the wanted one, from 1: how many stand before it by (logprob down, id up)
  MutIntSpan bad;  // in, out [lines] set to 1 if the logits are not finite
};

}  // namespace quire
