#include "serve/engine_families.h"

#include <limits>
#include <utility>

namespace quire::serve {
namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;
using Labels = std::vector<ClientMetric::Label>;

struct Families {
  const MetricsConfig& config;
  std::vector<MetricFamily> all{};

  Labels labels(Labels more) const {
    more.insert(more.begin(), {{"engine", "0"}, {"model_name", config.model_name}});
    return more;
  }
  ClientMetric& add(const std::string& name, const char* help, MetricType type, Labels more = {}) {
    if (all.empty() || all.back().name != name) all.push_back({name, help, type, {}});
    all.back().metric.emplace_back();
    all.back().metric.back().label = labels(std::move(more));
    return all.back().metric.back();
  }
  void gauge(const char* name, const char* help, double value, Labels more = {}) {
    add(config.prefix + name, help, MetricType::Gauge, std::move(more)).gauge.value = value;
  }
  void counter(const char* name, const char* help, uint64_t value, Labels more = {}) {
    add(config.prefix + name + "_total", help, MetricType::Counter, std::move(more)).counter.value =
        static_cast<double>(value);
  }
};

void add_own(Families& f, const EngineState& e, const Admission::Counts& a, int64_t now) {
  const auto gauge = [&](const char* name, const char* help, double value) {
    f.add(name, help, MetricType::Gauge).gauge.value = value;
  };
  gauge("quire_waiting_prompt_tokens", "Prompt tokens whose answers have not begun.",
        static_cast<double>(a.waiting_tokens));
  gauge("quire_prefill_tokens_per_second",
        "Measured while prompts are computed; about the last 10 s of such work.", e.prefill_rate);
  gauge("quire_decode_tokens_per_second",
        "Measured while answers are computed; about the last 10 s of such work.", e.decode_rate);
  gauge("quire_seconds_without_step", "How long ago the last step came back; 0 while nothing waits.",
        e.busy ? static_cast<double>(now - e.progress) * 1e-9 : 0);
  const char* refused = "Requests that were refused: by the server's bounds (503), by a key's (429).";
  f.add("quire_requests_refused_total", refused, MetricType::Counter, {{"bound", "server"}}).counter.value =
      static_cast<double>(a.refused_server);
  f.add("quire_requests_refused_total", refused, MetricType::Counter, {{"bound", "key"}}).counter.value =
      static_cast<double>(a.refused_key);
}

}  // namespace

std::vector<MetricFamily> engine_families(const MetricsConfig& config, const EngineState& e,
                                          const Admission::Counts& admission, int64_t now) {
  Families f{config};
  const SchedulerStats& s = e.scheduler;
  f.gauge("num_requests_running", "Sequences that are being computed.", s.running);
  f.gauge("num_requests_waiting", "Sequences that wait for a seat or for memory.", s.waiting);
  f.gauge("num_requests_waiting_by_reason", "Sequences that wait, and for what.", s.waiting,
          {{"reason", "capacity"}});
  f.gauge("kv_cache_usage_perc", "Part of the KV cache that is in use; 1: all of it.",
          s.blocks > 0 ? 1 - static_cast<double>(s.free_blocks) / s.blocks : 0);
  f.gauge("cache_config_info", "How the KV cache is set up.", 1,
          {{"block_size", std::to_string(config.block_size)},
           {"enable_prefix_caching", config.enable_prefix_caching ? "True" : "False"},
           {"num_gpu_blocks", std::to_string(s.blocks)}});
  f.counter("prefix_cache_queries", "Prompt tokens that were looked up in the prefix cache.",
            s.prompt_tokens);
  f.counter("prefix_cache_hits", "Prompt tokens that were found in the prefix cache.", s.cached_tokens);
  f.counter("num_preemptions", "Sequences that gave way for want of memory.", s.preemptions);
  f.counter("prompt_tokens", "Prompt tokens of sequences that began to run.", s.prompt_tokens);
  f.counter("prompt_tokens_cached", "Of these, found in the prefix cache.", s.cached_tokens);
  const char* by_source = "Prompt tokens by where their keys and values came from.";
  f.counter("prompt_tokens_by_source", by_source, s.prompt_tokens - s.cached_tokens,
            {{"source", "local_compute"}});
  f.counter("prompt_tokens_by_source", by_source, s.cached_tokens, {{"source", "local_cache_hit"}});
  f.counter("generation_tokens", "Tokens of answers.", s.sampled_tokens);
  f.counter("corrupted_requests", "Requests that ended because their logits were not finite.", s.bad_logits);

  auto& sizes = f.add(config.prefix + "iteration_tokens_total", "Positions that a step computed.",
                      MetricType::Histogram)
                    .histogram;
  for (size_t i = 0; i < e.sizes.size(); ++i) {
    sizes.sample_count += e.sizes[i];
    sizes.bucket.push_back({sizes.sample_count, i < kStepSizes.size()
                                                    ? static_cast<double>(kStepSizes[i])
                                                    : std::numeric_limits<double>::infinity()});
  }
  sizes.sample_sum = static_cast<double>(e.positions);
  add_own(f, e, admission, now);
  return std::move(f.all);
}

}  // namespace quire::serve
