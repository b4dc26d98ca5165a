// From a model folder and settings to a running engine: checkpoint, spec, backend, weights, cache, runner, engine, in this order.
// The one place where all layers below the text are put together.
#pragma once
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "backend/backend.h"
#include "engine/engine.h"
#include "models/spec.h"
#include "runner/memory_plan.h"

namespace quire {

struct LaunchOptions {
  std::string folder;
  std::string device = "cpu", cpu_isa = "auto";
  std::string dtype = "auto";            // auto, bfloat16, float32, float16: of the weights in memory
  std::string kv_cache_dtype = "auto";   // auto, bfloat16, float32
  std::string load_format = "auto";      // auto, safetensors, dummy
  int32_t threads = 0;                   // 0: one a core
  int32_t max_model_len = 0;             // 0: as the config says
  int32_t max_num_seqs = 256;
  int32_t max_num_batched_tokens = 512;
  int32_t long_prefill_token_threshold = 0;
  int32_t block_size = 16;
  std::optional<int64_t> kv_cache_memory_bytes;  // none: a fraction of what is free, see memory_plan.h
  bool enable_prefix_caching = true;
  bool async_scheduling = true;          // plan one step ahead of the results
  uint64_t seed = 0;                     // of dummy weights
  int32_t max_logprobs = 20;
  std::vector<Token> eos;
};

// What is known before any weight is read: `inspect` prints it, launch() begins with it.
struct Blueprint {
  std::unique_ptr<Checkpoint> checkpoint;  // without tensors for load format dummy
  ModelSpec spec;
  std::unique_ptr<Backend> backend;
  MemoryPlan memory;
  SchedulerConfig scheduler;
  std::vector<std::string> notes;  // what the user should know: weights are rounded, the context is cut
};
Result<Blueprint> draw_blueprint(const LaunchOptions&);

struct Launched {
  Blueprint blueprint;
  std::unique_ptr<struct LoadedModel> model;  // runner/model_runner.h
  std::unique_ptr<Engine> engine;             // goes first: it uses all the above
  double load_seconds = 0;
  Launched();
  Launched(Launched&&) noexcept;
  ~Launched();
};

// `progress` is told the fraction loaded, from 0 to 1, now and then, on the caller's thread.
using LoadProgress = std::function<void(double)>;
Result<Launched> launch(const LaunchOptions&, OnStep, const LoadProgress&);

}  // namespace quire
