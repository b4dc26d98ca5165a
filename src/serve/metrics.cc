#include "serve/metrics.h"

#include <prometheus/counter.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include <algorithm>
#include <array>
#include <map>
#include <utility>

#include "serve/engine_families.h"

namespace quire::serve {
namespace {

using Bounds = prometheus::Histogram::BucketBoundaries;
using Labels = std::map<std::string, std::string>;

const Bounds kFirstToken{.001, .005, .01, .02, .04, .06, .08, .1, .25, .5,  .75,
                         1,    2.5,  5,   7.5, 10,  20,  40,  80, 160, 640, 2560};
const Bounds kNextToken{.01, .025, .05, .075, .1, .15, .2, .3, .4, .5, .75, 1, 2.5, 5, 7.5, 10, 20, 40, 80};
const Bounds kLatency{.3, .5, .8, 1,  1.5, 2,   2.5, 5,   10,   15,  20,
                      30, 40, 50, 60, 120, 240, 480, 960, 1920, 7680};
const Bounds kHttp{.01, .05, .1, .5, 1, 5, 10, 60, 600};

Bounds token_counts(int32_t most) {  // 1, 2, 5, 10, 20, 50 ... up to `most`
  Bounds b;
  for (int64_t ten = 1; ten <= most; ten *= 10)
    for (const int64_t digit : {1, 2, 5})
      if (digit * ten <= most) b.push_back(static_cast<double>(digit * ten));
  return b;
}

constexpr std::array<const char*, 4> kOutcomes{"stop", "length", "abort", "error"};
constexpr std::array<std::string_view, 7> kMethods{"GET", "POST",   "OPTIONS", "HEAD",
                                                   "PUT", "DELETE", "PATCH"};

}  // namespace

Status check_metrics_prefix(std::string_view prefix) {
  for (size_t i = 0; i < prefix.size(); ++i) {
    const char c = prefix[i];
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == ':';
    if (!letter && (i == 0 || c < '0' || c > '9'))
      return {
          Code::kInvalidArgument,
          "--metrics-prefix must be letters, digits, \"_\" and \":\", and not begin with a digit, such as "
          "\"vllm:\" or \"quire_\"."};
  }
  return {};
}

struct Metrics::Kept {
  MetricsConfig config;
  ReadEngine engine;
  ReadAdmission admission;
  std::function<int64_t()> now;
  prometheus::Registry registry{};
  Labels common{{"engine", "0"}, {"model_name", config.model_name}};
  const Bounds tokens = token_counts(config.max_model_len);

  prometheus::Histogram& histogram(const char* name, const char* help, const Bounds& bounds) {
    return prometheus::BuildHistogram()
        .Name(config.prefix + name)
        .Help(help)
        .Register(registry)
        .Add(common, bounds);
  }
  prometheus::Histogram& first =
      histogram("time_to_first_token_seconds", "From a request's arrival to its first token.", kFirstToken);
  prometheus::Histogram& next =
      histogram("inter_token_latency_seconds", "Between a token and the one before it.", kNextToken);
  prometheus::Histogram& per_token =
      histogram("request_time_per_output_token_seconds", "The mean of that over a request.", kNextToken);
  prometheus::Histogram& e2e =
      histogram("e2e_request_latency_seconds", "From a request's arrival to its end.", kLatency);
  prometheus::Histogram& queue =
      histogram("request_queue_time_seconds", "From a request's arrival to its first step.", kLatency);
  prometheus::Histogram& inference =
      histogram("request_inference_time_seconds", "From a request's first step to its last token.", kLatency);
  prometheus::Histogram& prefill =
      histogram("request_prefill_time_seconds", "From a request's first step to its first token.", kLatency);
  prometheus::Histogram& decode =
      histogram("request_decode_time_seconds", "From a request's first token to its last.", kLatency);
  prometheus::Histogram& prompt = histogram("request_prompt_tokens", "Tokens of a prompt.", tokens);
  prometheus::Histogram& generated = histogram("request_generation_tokens", "Tokens of an answer.", tokens);
  prometheus::Histogram& most_generated =
      histogram("request_max_num_generation_tokens", "Tokens of a request's longest choice.", tokens);
  prometheus::Histogram& max_tokens =
      histogram("request_params_max_tokens", "max_tokens of a request.", tokens);
  prometheus::Histogram& computed =
      histogram("request_prefill_kv_computed_tokens", "Prompt tokens that were not in the cache.", tokens);
  prometheus::Histogram& n = histogram("request_params_n", "n of a request.", {1, 2, 5, 10, 20});
  std::array<prometheus::Counter*, kOutcomes.size()> outcomes{};
  prometheus::Family<prometheus::Counter>& http_count =
      prometheus::BuildCounter()
          .Name("http_requests_total")
          .Help("Answers by route, method and kind of status.")
          .Register(registry);
  prometheus::Family<prometheus::Histogram>& http_time =
      prometheus::BuildHistogram()
          .Name("http_request_duration_seconds")
          .Help("From a request's head to the end of its answer.")
          .Register(registry);
};

Metrics::Metrics(const MetricsConfig& config, ReadEngine engine, ReadAdmission admission,
                 std::function<int64_t()> now)
    : kept_(new Kept{config, std::move(engine), std::move(admission), std::move(now)}) {
  auto& family = prometheus::BuildCounter()
                     .Name(config.prefix + "request_success_total")
                     .Help("Requests that ended, by why.")
                     .Register(kept_->registry);
  for (size_t i = 0; i < kOutcomes.size(); ++i) {
    Labels labels = kept_->common;
    labels["finished_reason"] = kOutcomes[i];
    kept_->outcomes[i] = &family.Add(labels);
  }
}

Metrics::~Metrics() = default;

void Metrics::first_token(double seconds) { kept_->first.Observe(seconds); }

void Metrics::next_token(double seconds) { kept_->next.Observe(seconds); }

void Metrics::finished(const FinishedRequest& r) {
  Kept& k = *kept_;
  const auto observe = [](prometheus::Histogram& h, int64_t from, int64_t to) {
    if (from != 0 && to >= from) h.Observe(static_cast<double>(to - from) * 1e-9);
  };
  k.outcomes[static_cast<size_t>(r.outcome)]->Increment();
  observe(k.e2e, r.arrived, r.ended);
  observe(k.queue, r.arrived, r.entered);
  observe(k.prefill, r.entered, r.first_token);
  observe(k.inference, r.entered, r.last_token);
  observe(k.decode, r.first_token, r.last_token);
  if (r.first_token != 0 && r.most_generated_tokens > 1)
    k.per_token.Observe(static_cast<double>(r.last_token - r.first_token) * 1e-9 /
                        (r.most_generated_tokens - 1));
  k.prompt.Observe(r.prompt_tokens);
  k.generated.Observe(r.generated_tokens);
  k.most_generated.Observe(r.most_generated_tokens);
  k.max_tokens.Observe(r.max_tokens);
  k.n.Observe(r.n);
  if (r.entered != 0) k.computed.Observe(r.prompt_tokens - r.cached_tokens);
}

void Metrics::http(std::string_view route, std::string_view method, int status, double seconds) {
  Kept& k = *kept_;
  const bool known_route = std::ranges::find(k.config.routes, route) != k.config.routes.end();
  const bool known_method = std::ranges::find(kMethods, method) != kMethods.end();
  Labels labels{{"handler", known_route ? std::string(route) : "none"},
                {"method", known_method ? std::string(method) : "other"}};
  k.http_time.Add(labels, kHttp).Observe(seconds);
  labels["status"] = status >= 100 && status < 600 ? std::to_string(status / 100) + "xx" : "other";
  k.http_count.Add(labels).Increment();
}

std::string Metrics::text() const {
  const Kept& k = *kept_;
  auto all = engine_families(k.config, k.engine(), k.admission(), k.now());
  for (auto&& more : {k.registry.Collect(), process_families()})
    all.insert(all.end(), more.begin(), more.end());
  return prometheus::TextSerializer().Serialize(all);
}

}  // namespace quire::serve
