// What is scraped: names, labels and values, and that the dashboard asks for nothing else.
#include "serve/metrics.h"

#include <doctest/doctest.h>

#include <fstream>
#include <map>
#include <set>
#include <sstream>

#include "base/json.h"

namespace quire::serve {
namespace {

constexpr int64_t kSecond = 1'000'000'000;

EngineState state() {
  EngineState e;
  e.scheduler = {.waiting = 3, .running = 2, .blocks = 100, .free_blocks = 75, .steps = 9, .preemptions = 4};
  e.scheduler.prompt_tokens = 50, e.scheduler.cached_tokens = 20, e.scheduler.sampled_tokens = 30;
  e.scheduler.bad_logits = 1;
  e.sizes[0] = 5, e.sizes[2] = 1, e.sizes.back() = 2, e.positions = 40021;
  e.prefill_rate = 123.5;
  e.busy = true, e.progress = 7 * kSecond;
  return e;
}

struct Scraped {
  explicit Scraped(MetricsConfig c = {}) {
    if (c.model_name.empty()) c.model_name = "demo";
    c.max_model_len = 4096, c.block_size = 16, c.routes = {"/v1/completions"};
    Admission::Counts counts;
    counts.refused_server = 6, counts.refused_key = 7, counts.waiting_tokens = 8;
    metrics = std::make_unique<Metrics>(c, state, [=] { return counts; }, [] { return 9 * kSecond; });
  }
  std::unique_ptr<Metrics> metrics;
  // The value of the line that begins like that; -1: there is none.
  double value(const std::string& begin) const {
    std::istringstream lines(metrics->text());
    for (std::string line; std::getline(lines, line);)
      if (line.starts_with(begin + " ")) return std::stod(line.substr(begin.size() + 1));
    return -1;
  }
  double of(const std::string& name, const std::string& more = "") const {
    return value("vllm:" + name + "{engine=\"0\",model_name=\"demo\"" + more + "}");
  }
  double ended(const std::string& why) const {
    return value("vllm:request_success_total{engine=\"0\",finished_reason=\"" + why +
                 "\",model_name=\"demo\"}");
  }
};

TEST_CASE("what the engine holds, under vLLM's names") {
  const Scraped s;
  CHECK(s.of("num_requests_running") == 2);
  CHECK(s.of("num_requests_waiting") == 3);
  CHECK(s.of("num_requests_waiting_by_reason", ",reason=\"capacity\"") == 3);
  CHECK(s.of("kv_cache_usage_perc") == 0.25);
  CHECK(s.of("num_preemptions_total") == 4);
  CHECK(s.of("prefix_cache_queries_total") == 50);
  CHECK(s.of("prefix_cache_hits_total") == 20);
  CHECK(s.of("prompt_tokens_total") == 50);
  CHECK(s.of("prompt_tokens_by_source_total", ",source=\"local_compute\"") == 30);
  CHECK(s.of("generation_tokens_total") == 30);
  CHECK(s.of("corrupted_requests_total") == 1);
  CHECK(s.of("cache_config_info",
             ",block_size=\"16\",enable_prefix_caching=\"True\",num_gpu_blocks=\"100\"") == 1);
  CHECK(s.of("iteration_tokens_total_bucket", ",le=\"1\"") == 5);
  CHECK(s.of("iteration_tokens_total_bucket", ",le=\"16\"") == 6);
  CHECK(s.of("iteration_tokens_total_bucket", ",le=\"+Inf\"") == 8);
  CHECK(s.of("iteration_tokens_total_sum") == 40021);
  CHECK(s.of("iteration_tokens_total_count") == 8);
  const std::string own = "{engine=\"0\",model_name=\"demo\"}";
  CHECK(s.value("quire_prefill_tokens_per_second" + own) == 123.5);
  CHECK(s.value("quire_seconds_without_step" + own) == 2);
  CHECK(s.value("quire_requests_refused_total{engine=\"0\",model_name=\"demo\",bound=\"key\"}") == 7);
  CHECK(s.value("process_resident_memory_bytes") > 1 << 20);
  CHECK(s.value("process_open_fds") > 2);
  CHECK(s.value("process_cpu_seconds_total") >= 0);
  CHECK(s.value("process_start_time_seconds") > 1.5e9);
}

TEST_CASE("a request's times go where they belong") {
  const Scraped s;
  FinishedRequest r{.outcome = Outcome::kLength};
  r.arrived = 10 * kSecond, r.entered = 11 * kSecond, r.first_token = 13 * kSecond;
  r.last_token = 23 * kSecond, r.ended = 24 * kSecond;
  r.prompt_tokens = 100, r.cached_tokens = 64, r.generated_tokens = 22, r.most_generated_tokens = 11;
  r.max_tokens = 50, r.n = 2;
  s.metrics->finished(r);
  s.metrics->first_token(0.003);
  s.metrics->next_token(0.02);
  s.metrics->next_token(0.04);
  for (const auto& [name, sum] : std::map<std::string, double>{{"e2e_request_latency_seconds", 14},
                                                               {"request_queue_time_seconds", 1},
                                                               {"request_prefill_time_seconds", 2},
                                                               {"request_inference_time_seconds", 12},
                                                               {"request_decode_time_seconds", 10},
                                                               {"request_time_per_output_token_seconds", 1},
                                                               {"request_prompt_tokens", 100},
                                                               {"request_generation_tokens", 22},
                                                               {"request_max_num_generation_tokens", 11},
                                                               {"request_params_max_tokens", 50},
                                                               {"request_prefill_kv_computed_tokens", 36},
                                                               {"request_params_n", 2},
                                                               {"time_to_first_token_seconds", 0.003}}) {
    CAPTURE(name);
    CHECK(s.of(name + "_sum") == doctest::Approx(sum));
    CHECK(s.of(name + "_count") == 1);
  }
  CHECK(s.of("inter_token_latency_seconds_count") == 2);
  CHECK(s.of("inter_token_latency_seconds_bucket", ",le=\"0.025\"") == 1);
  CHECK(s.of("time_to_first_token_seconds_bucket", ",le=\"0.001\"") == 0);
  CHECK(s.of("time_to_first_token_seconds_bucket", ",le=\"2560\"") == 1);
  CHECK(s.of("request_prompt_tokens_bucket", ",le=\"2000\"") == 1);
  CHECK(s.of("request_prompt_tokens_bucket", ",le=\"5000\"") == -1);  // longer than the model's context
  CHECK(s.ended("length") == 1);
  CHECK(s.ended("stop") == 0);
}

TEST_CASE("a request that never ran has no times but its end's") {
  const Scraped s;
  s.metrics->finished({.outcome = Outcome::kAbort, .arrived = kSecond, .ended = 2 * kSecond});
  CHECK(s.of("e2e_request_latency_seconds_count") == 1);
  for (const char* name : {"request_queue_time_seconds", "request_prefill_time_seconds",
                           "request_inference_time_seconds", "request_decode_time_seconds",
                           "request_time_per_output_token_seconds", "request_prefill_kv_computed_tokens"})
    CHECK(s.of(std::string(name) + "_count") == 0);
  CHECK(s.ended("abort") == 1);
}

TEST_CASE("no client makes a label") {
  const Scraped s;
  const size_t before = s.metrics->text().size();
  for (int i = 0; i < 1000; ++i)
    s.metrics->http("/" + std::to_string(i), "M" + std::to_string(i), 700 + i, 0.1);
  s.metrics->http("/v1/completions", "POST", 200, 0.1);
  CHECK(s.metrics->text().size() < before + 4000);
  CHECK(s.value("http_requests_total{handler=\"none\",method=\"other\",status=\"other\"}") == 1000);
  CHECK(s.value("http_requests_total{handler=\"/v1/completions\",method=\"POST\",status=\"2xx\"}") == 1);
}

TEST_CASE("a model's name may hold anything") {
  MetricsConfig c;
  c.model_name = "a\"b\\c\nd";
  CHECK(Scraped(c).value("vllm:num_requests_running{engine=\"0\",model_name=\"a\\\"b\\\\c\\nd\"}") == 2);
}

TEST_CASE("the prefix can be changed, to what Prometheus allows") {
  MetricsConfig c;
  c.prefix = "quire_";
  CHECK(Scraped(c).value("quire_num_requests_running{engine=\"0\",model_name=\"demo\"}") == 2);
  for (const char* good : {"", "vllm:", "a1_"}) CHECK(check_metrics_prefix(good).ok());
  for (const char* bad : {"1a", "a b", "a-", "\xc3\xa4", "a\n"}) CHECK_FALSE(check_metrics_prefix(bad).ok());
}

// Every family has a type, every sample belongs to a family, no series comes twice.
TEST_CASE("the text is what Prometheus reads") {
  const Scraped s;
  s.metrics->http("/v1/completions", "POST", 200, 0.1);
  std::istringstream lines(s.metrics->text());
  std::map<std::string, std::string> types;
  std::set<std::string> series;
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("# HELP ")) continue;
    if (line.starts_with("# TYPE ")) {
      const size_t blank = line.find(' ', 7);
      CHECK(types.emplace(line.substr(7, blank - 7), line.substr(blank + 1)).second);
      continue;
    }
    const size_t end = line.rfind(' ');
    REQUIRE(end != std::string::npos);
    CHECK(series.insert(line.substr(0, end)).second);
    std::string name = line.substr(0, line.find_first_of("{ "));
    if (!types.contains(name))
      for (const char* tail : {"_bucket", "_sum", "_count"})
        if (name.ends_with(tail)) name.resize(name.size() - std::string_view(tail).size());
    REQUIRE(types.contains(name));
    if (types[name] == "counter") CHECK(name.ends_with("_total"));
  }
  CHECK(types.size() > 35);
}

// All strings under a key named "expr" or "query" or "definition".
void queries(const Json& json, std::vector<std::string>& all) {
  if (json.array())
    for (const Json& j : *json.array()) queries(j, all);
  if (!json.object()) return;
  for (const auto& [key, value] : *json.object()) {
    if ((key == "expr" || key == "definition") && value.string()) all.push_back(*value.string());
    else queries(value, all);
  }
}

TEST_CASE("every query of the dashboard names a metric that is exported") {
  std::ifstream file(std::string(QUIRE_SOURCE_DIR) + "/deploy/grafana/quire.json");
  const std::string text((std::istreambuf_iterator<char>(file)), {});
  const auto json = parse_json(text, {});
  REQUIRE(json.ok());
  std::vector<std::string> all;
  queries(json.value(), all);
  CHECK(all.size() >= 15);
  const Scraped s;
  s.metrics->http("/v1/completions", "POST", 200, 0.1);
  const std::string scraped = "\n" + s.metrics->text();
  for (const std::string& query : all) {
    CAPTURE(query);
    int names = 0;
    for (size_t i = 0; i < query.size();) {
      const auto in_name = [](char c) {
        return std::isalnum(static_cast<unsigned char>(c)) || c == '_' || c == ':';
      };
      size_t end = i;
      while (end < query.size() && in_name(query[end])) ++end;
      const std::string word = query.substr(i, end - i);
      if (word.starts_with("vllm:") || word.starts_with("quire_") || word.starts_with("http_") ||
          word.starts_with("process_")) {
        ++names;
        const bool there = scraped.find("\n" + word + "{") != std::string::npos ||
                           scraped.find("\n" + word + " ") != std::string::npos;
        CHECK_MESSAGE(there, word << " is not exported");
      }
      i = std::max(end, i + 1);
    }
    CHECK(names >= 1);
  }
}

}  // namespace
}  // namespace quire::serve
