// From a model folder and settings to a running engine: checkpoint, spec, backend, weights, cache, runner,
// engine, in this order. The one place where all layers below the text are put together.
#pragma once
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "backend/backend.h"
#include "engine/engine.h"
#include "models/loader.h"
#include "models/spec.h"
#include "runner/memory_plan.h"
#include "weights/checkpoint.h"

namespace quire {

struct LaunchOptions {
  std::string folder;
  std::string device = "cpu", cpu_isa = "auto";
  std::string dtype = "auto";           // auto, bfloat16, float16, float32: of the weights in memory
  std::string kv_cache_dtype = "auto";  // auto, bfloat16, float32
  std::string load_format = "auto";     // auto, safetensors, dummy
  int32_t threads = 0;                  // 0: one a core
  int32_t max_model_len = 0;            // 0: as the config says
  int32_t max_num_seqs = 256;
  int32_t max_num_batched_tokens = 256;
  int32_t long_prefill_token_threshold = 128;  // as fast on a CPU as more, and others wait less
  int32_t block_size = 16;
  std::optional<int64_t> kv_cache_memory_bytes;  // none: a share of what is free, see memory_plan.h
  bool enable_prefix_caching = true;
  bool async_scheduling = true;  // plan one step ahead of the results
  uint64_t seed = 0;             // of dummy weights
  int32_t max_logprobs = 20;
  bool all_logprobs = false;  // the whole vocabulary may be listed, whatever max_logprobs says
  std::vector<Token> eos;
  std::optional<WeightCache> weight_cache;
  bool poison_pages = false;  // tests: pages are filled with NaN when they are handed out
};

// What is known before any weight is read: `inspect` prints it, launch() begins with it.
struct Blueprint {
  std::unique_ptr<Checkpoint> checkpoint;
  ModelSpec spec;
  std::unique_ptr<Backend> backend;
  WeightSource source;
  std::optional<WeightCache> weight_cache;
  MemoryPlan memory;
  BatchConfig batch;
  SchedulerConfig scheduler;
  int32_t ahead = 1;               // steps planned before their predecessor's result is known
  std::vector<std::string> notes;  // what the user should know: weights are rounded, the cache is small
};
Result<std::unique_ptr<Blueprint>> draw_blueprint(const LaunchOptions& options);

struct Launched {  // torn down from the last to the first
  std::unique_ptr<Blueprint> blueprint;
  std::unique_ptr<LoadedWeights> weights;
  std::unique_ptr<Engine> engine;
  double load_seconds = 0;
};

// `progress` is told the fraction loaded, from 0 to 1, now and then, on the caller's thread.
using LoadProgress = std::function<void(double)>;
Result<Launched> launch(std::unique_ptr<Blueprint> blueprint, OnStep on_step, const LoadProgress& progress);

}  // namespace quire
