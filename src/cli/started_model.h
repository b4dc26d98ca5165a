// What generate and bench both begin with: the folder's generation config, and a running engine, with
// progress and notes on standard error.
#pragma once
#include <functional>
#include <string>

#include "cli/engine_settings.h"
#include "cli/generation_config.h"
#include "cli/launch.h"

namespace quire {

struct StartedModel {
  GenerationConfig generation;
  Launched launched;
};

// `also` is told of the progress too; see launch().
Result<StartedModel> start_model(EngineFlags& flags, OnStep on_step, const LoadProgress& also = nullptr);

// Tokens of a prompt and its answer together, at most; the last one is never written to the cache.
int32_t room_of(const Limits& limits);

int64_t peak_memory_bytes();  // of this process, so far

}  // namespace quire
