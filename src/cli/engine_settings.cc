#include "cli/engine_settings.h"

#include <bit>

namespace quire {
namespace {

Status check_block_size(int64_t v) {
  if (std::has_single_bit(static_cast<uint64_t>(v)) || v % 256 == 0) return {};
  return {Code::kInvalidArgument, "must be a power of two or a multiple of 256"};
}

}  // namespace

SettingGroup engine_settings(EngineFlags& flags) {
  LaunchOptions& o = flags.launch;
  constexpr double kMany = 1 << 20;
  return {
      "Engine",
      {
          {"device", &o.device, "Where to compute; ref is the slow and plain specification.", "", "cpu|ref"},
          {"cpu-isa", &o.cpu_isa, "Instruction set of the cpu device.", "",
           "auto|avx512-bf16|avx512|avx2|portable"},
          {"dtype", &o.dtype, "Type of the weights in memory; auto: as the device prefers.", "",
           "auto|bfloat16|float16|float32"},
          {"quantization", &flags.quantization, "How the weights are quantized.", "", "none"},
          {"kv-cache-dtype", &o.kv_cache_dtype, "Type of keys and values in the cache.", "",
           "auto|bfloat16|float32"},
          {"load-format", &o.load_format, "dummy: random weights, needs only config.json.", "",
           "auto|safetensors|dummy"},
          {"threads", &o.threads, "Threads that compute; 0: one for each core.", "N", "", 0, 4096},
          {"max-model-len", &o.max_model_len, "Longest prompt and answer together; 0: as the config says.",
           "N", "", 0, 2147483647},
          {"max-num-seqs", &o.max_num_seqs, "Sequences that run at the same time.", "N", "", 1, 65536},
          {"max-num-batched-tokens", &o.max_num_batched_tokens, "Positions that one step may compute.", "N",
           "", 1, kMany},
          {"long-prefill-token-threshold", &o.long_prefill_token_threshold,
           "Positions of one long prompt that one step may compute; 0: no such limit.", "N", "", 0, kMany},
          {"block-size", &o.block_size,
           "Tokens in one page of the KV cache: a power of two or a multiple of 256.", "N", "", 1, kMany,
           check_block_size},
          {"kv-cache-memory-bytes", &o.kv_cache_memory_bytes,
           "Memory of the KV cache, such as 4GiB. Without it a share of what is free is taken.", "SIZE", "",
           1},
          {"enable-prefix-caching", &o.enable_prefix_caching, "Prompts that begin alike share pages."},
          {"async-scheduling", &o.async_scheduling, "Plan a step while the one before it computes."},
          {"max-logprobs", &o.max_logprobs, "The most logprobs a request may ask for; -1: no limit.", "N", "",
           -1, 2147483647},
          {"generation-config", &flags.generation_config,
           "Where defaults of sampling come from: auto is the model folder, vllm nowhere, else another "
           "folder.",
           "FOLDER"},
          {"seed", &o.seed, "What the seeds of requests without one, and dummy weights, are made from.", "N"},
      }};
}

}  // namespace quire
