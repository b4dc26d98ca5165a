#include "cli/launch.h"

#include <sys/random.h>

#include <algorithm>
#include <chrono>

#include "runner/model_runner.h"

namespace quire {
namespace {

Status refuse(std::string message) { return {Code::kInvalidArgument, std::move(message)}; }

// Which types a device computes in is its own choice; what else is asked for is refused by name.
Status check_types(const LaunchOptions& o, const Backend& backend) {
  const bool ref = backend.name() == "ref";
  if (o.dtype != "auto" && o.dtype != (ref ? "float32" : "bfloat16"))
    return refuse("--dtype " + o.dtype + " is not offered on " + std::string(backend.name()) + ": " +
                  (ref ? "it computes in float32 on the weights as stored (auto)."
                       : "it keeps weights in bfloat16 (auto); --device ref computes in float32."));
  const std::string cache = backend.cache() == DType::kF32 ? "float32" : "bfloat16";
  if (o.kv_cache_dtype != "auto" && o.kv_cache_dtype != cache)
    return refuse("--kv-cache-dtype " + o.kv_cache_dtype + " is not offered on " +
                  std::string(backend.name()) + "; it keeps k and v in " + cache + ".");
  return {};
}

Elem dummy_elem(const Json& config) {
  for (const char* key : {"dtype", "torch_dtype"})
    if (const Json* v = config.find(key); v && v->string())
      return *v->string() == "float32" ? Elem::kF32 : Elem::kBF16;
  return Elem::kBF16;
}

Result<int32_t> context(const LaunchOptions& o, const ModelSpec& spec) {
  if (o.max_model_len == 0) return spec.max_positions;
  if (o.max_model_len <= spec.max_positions) return o.max_model_len;
  return refuse("--max-model-len is " + std::to_string(o.max_model_len) + "; the model's config allows " +
                std::to_string(spec.max_positions) + " positions (max_position_embeddings). Lower it.");
}

Secret draw_secret() {
  Secret s;
  QUIRE_CHECK(getrandom(&s, sizeof s, 0) == sizeof s);
  return s;
}

}  // namespace

Result<std::unique_ptr<Blueprint>> draw_blueprint(const LaunchOptions& o) {
  auto b = std::make_unique<Blueprint>();
  const bool dummy = o.load_format == "dummy";
  auto checkpoint = dummy ? Checkpoint::open_config(o.folder) : Checkpoint::open(o.folder);
  if (!checkpoint.ok()) return checkpoint.status();
  b->checkpoint = std::move(checkpoint).value();
  auto spec = read_spec(b->checkpoint->config(), o.folder + "/config.json");
  if (!spec.ok()) return spec.status();
  b->spec = std::move(spec).value();
  if (!dummy) settle_head(b->spec, *b->checkpoint);
  b->source = {dummy ? nullptr : b->checkpoint.get(), o.seed, dummy_elem(b->checkpoint->config())};

  b->weight_cache = o.weight_cache;
  auto backend = make_backend(o.device, {.threads = o.threads, .cpu_isa = o.cpu_isa});
  if (!backend.ok()) return backend.status();
  b->backend = std::move(backend).value();
  if (Status s = check_types(o, *b->backend); !s.ok()) return s;
  auto length = context(o, b->spec);
  if (!length.ok()) return length.status();
  b->batch = {.max_seqs = o.max_num_seqs,
              .max_step_tokens = o.max_num_batched_tokens,
              .max_model_len = length.value(),
              .block_size = o.block_size,
              .blocks = 0,
              .kv_dtype = b->backend->cache(),
              .eos = o.eos,
              .poison = o.poison_pages};
  auto totals = weigh(b->spec, b->source, *b->backend);
  if (!totals.ok()) return totals.status();
  auto memory = plan_memory(b->spec, totals.value(), *b->backend, o.kv_cache_memory_bytes, b->batch);
  if (!memory.ok()) return memory.status();
  b->memory = memory.value();

  SchedulerConfig& s = b->scheduler;
  s.max_seqs = o.max_num_seqs;
  s.max_step_tokens = o.max_num_batched_tokens;
  s.long_prefill_token_threshold = o.long_prefill_token_threshold;
  s.eos = o.eos;
  s.limits.vocab = b->spec.vocab;
  s.limits.max_model_len = length.value();
  s.limits.max_logprobs = o.max_logprobs;
  s.limits.all_logprobs = o.all_logprobs;
  s.kv = {.num_blocks = b->batch.blocks,
          .block_size = o.block_size,
          .enable_prefix_caching = o.enable_prefix_caching,
          .secret = draw_secret()};
  b->ahead = o.async_scheduling ? 1 : 0;
  if (totals.value().rounded)
    b->notes.push_back("the weights are stored finer than bfloat16 and are rounded to it on " +
                       std::string(b->backend->name()) + ".");
  if (b->memory.kv_tokens < length.value())
    b->notes.push_back("the KV cache holds " + std::to_string(b->memory.kv_tokens) +
                       " tokens, fewer than the model's " + std::to_string(length.value()) +
                       "; longer requests are refused. Raise --kv-cache-memory-bytes.");
  return b;
}

Result<Launched> launch(std::unique_ptr<Blueprint> blueprint, OnStep on_step, const LoadProgress& progress) {
  const auto begin = std::chrono::steady_clock::now();
  Launched l;
  l.blueprint = std::move(blueprint);
  Blueprint& b = *l.blueprint;
  auto weights = LoadedWeights::load(b.spec, b.source, *b.backend, progress,
                                     b.weight_cache ? &*b.weight_cache : nullptr);
  if (!weights.ok()) return weights.status();
  l.weights = std::move(weights).value();
  auto batch = std::make_unique<Batch>(*b.backend, b.spec, l.weights->weights());
  if (Status s = batch->allocate(b.batch); !s.ok()) return s;
  l.engine = std::make_unique<Engine>(
      b.scheduler, std::make_unique<ModelRunner>(std::move(batch), 1 + b.ahead), std::move(on_step), b.ahead);
  l.load_seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  return l;
}

}  // namespace quire
