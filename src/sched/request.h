// What a caller asks for, and what comes back. Plain data; a Request below the edge is
// complete: every default is filled in, every string has become token ids.
#pragma once
#include <cstdint>
#include <optional>
#include <vector>

#include "base/ids.h"
#include "base/status.h"
#include "kv/block_hash.h"

namespace quire {

struct LogitBias {
  Token token = 0;
  float bias = 0.0f;  // added to the token's logit
};

// Below the edge: settle() and validate() of limits.h have seen it. Copying into one that has held as much
// before allocates nothing.
struct SamplingParams {
  float temperature = 1.0f;  // 0: greedy; no upper limit
  float top_p = 1.0f;        // tokens are taken by (probability down, id up)
  float min_p = 0.0f;
  int32_t top_k = 0;  // 0: off; ties at the k-th value are all kept
  float repetition_penalty = 1.0f;
  float presence_penalty = 0.0f;
  float frequency_penalty = 0.0f;
  // Always concrete. Without one from the caller, a batch line gets a hash of (--seed, prompt ids, how many
  // equal prompts came before it) and a server draws from the OS; choice i of n has the seed + i.
  uint64_t seed = 0;
  std::vector<LogitBias> logit_bias;     // in [-100, 100]; each token once
  bool only_allowed = false;             // nothing but allowed_token_ids is sampled
  std::vector<Token> allowed_token_ids;  // with only_allowed; in any order
  std::vector<Token> stop_token_ids;
  int32_t min_tokens = 0;   // until then the sampler leaves stop_token_ids, and eos unless ignored, out
  bool ignore_eos = false;  // eos is sampled, and does not end the answer
  // How many to list beside the token itself: the best, best first. The vocabulary's size: all, in id order
  // (where a caller wrote that very number, the edge sorts).
  std::optional<int32_t> logprobs, prompt_logprobs;
};

inline constexpr int32_t kMostTenants = 1 << 16;

struct Request {
  RequestId id = 0;
  std::vector<Token> prompt{};
  SamplingParams sampling{};
  int32_t max_tokens = 16;
  int32_t priority =
      0;  // lower runs first; among equal ones tenants take turns, and a tenant's go by arrival
  int32_t adapter = -1;
  Salt cache_salt{};   // the scheduler adds the adapter
  int32_t tenant = 0;  // whose turn it takes and whose blocks it has; below kMostTenants, best without gaps
  // Its next logits need the host to have seen its last token (a grammar, a host-side
  // processor): never planned while a token of it is in flight.
  bool lockstep = false;
};

enum class Finish : uint8_t { kNone, kStop, kLength, kCancelled, kError };

struct Logprob {
  Token token = -1;
  float logprob = 0.0f;
  int32_t rank = 0;  // 1: the most probable
};

// One piece of news about one request, on its way up. Exactly one event of a request has a
// finish, and it is the last. Stop strings are not known here: the text layer cuts, cancels, and says `stop`.
struct TokenEvent {
  RequestId request = 0;
  Token token = -1;  // -1: no token (cancelled, error)
  Finish finish = Finish::kNone;
  Token stop_token = -1;                    // the one of stop_token_ids that ended it
  int32_t cached = 0;                       // prompt tokens that were found in the cache
  int64_t entered = 0;                      // the stamp of the plan it first ran in; 0: it never ran
  int32_t prompt_position = 0;              // > 0: not a new token, but the score of this prompt token
  int32_t logprobs = -1, num_logprobs = 0;  // the token's own, then the best; in StepResult::logprobs
  Status error{};
};

}  // namespace quire
