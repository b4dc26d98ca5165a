#include "cli/bench_serve/load_report.h"

#include <array>
#include <cmath>
#include <cstdio>
#include <numeric>

#include "cli/bench_report.h"

namespace quire {
namespace {

constexpr std::array<const char*, 4> kTitles{"Time to First Token", "Time per Output Token (excl. 1st token)",
                                             "Inter-token Latency", "End-to-end Latency"};
constexpr std::array<const char*, 4> kShort{"TTFT", "TPOT", "ITL", "E2EL"};
constexpr int kWidth = 50;

Json real(double v) {
  if (!std::isfinite(v)) return std::string(v > 0 ? "inf" : "nan");
  std::string text;
  append_json_number(v, text);
  return Json::Number{text};
}

double mean(std::span<const double> v) {
  return v.empty() ? 0 : std::accumulate(v.begin(), v.end(), 0.0) / static_cast<double>(v.size());
}

double deviation(std::span<const double> v) {
  double sum = 0;
  for (const double x : v) sum += (x - mean(v)) * (x - mean(v));
  return v.empty() ? 0 : std::sqrt(sum / static_cast<double>(v.size()));
}

double part(std::span<const double> v, double percent) { return v.empty() ? 0 : percentile(v, percent); }

std::string percent_name(double p) {  // 99, 99.9
  char text[32];
  std::snprintf(text, sizeof text, "%g", p);
  return text;
}

std::string line(const std::string& what, double value, int digits) {
  char text[160];
  std::snprintf(text, sizeof text, "%-40s %-10.*f\n", what.c_str(), digits, value);
  return text;
}

std::string title(const std::string& text, char fill) {
  const size_t free = text.size() < kWidth ? kWidth - text.size() : 0;
  return std::string(free / 2, fill) + text + std::string(free - free / 2, fill) + "\n";
}

}  // namespace

std::string load_table(const LoadFigures& f, const LoadOptions& o, const LoadSettings& s) {
  std::string t = title(" Serving Benchmark Result ", '=');
  const auto whole = [&](const char* what, int64_t n) { t += line(what, static_cast<double>(n), 0); };
  whole("Successful requests:", f.completed);
  whole("Failed requests:", f.failed);
  if (s.max_concurrency > 0) whole("Maximum request concurrency:", s.max_concurrency);
  if (std::isfinite(s.request_rate)) t += line("Request rate configured (RPS):", s.request_rate, 2);
  t += line("Benchmark duration (s):", f.seconds, 2);
  whole("Total input tokens:", f.input_tokens);
  whole("Total generated tokens:", f.output_tokens);
  t += line("Request throughput (req/s):", f.per_second(f.completed), 2);
  if (!o.goodput.empty()) t += line("Request goodput (req/s):", f.per_second(f.good), 2);
  t += line("Output token throughput (tok/s):", f.per_second(f.output_tokens), 2);
  t += line("Peak output token throughput (tok/s):", f.peak_output_rate, 2);
  whole("Peak concurrent requests:", f.peak_open);
  t += line("Total token throughput (tok/s):", f.per_second(f.input_tokens + f.output_tokens), 2);
  t += line("Client processor time (% of a core):", f.seconds > 0 ? f.processor_seconds / f.seconds * 100 : 0,
            2);
  for (const Metric m : o.metrics) {
    const size_t i = static_cast<size_t>(m);
    const auto& v = f.values[i];
    const std::string end = " " + std::string(kShort[i]) + " (ms):";
    t += title(kTitles[i], '-');
    t += line("Mean" + end, mean(v), 2) + line("Median" + end, part(v, 50), 2);
    for (const double p : o.percentiles) t += line("P" + percent_name(p) + end, part(v, p), 2);
  }
  return t + std::string(kWidth, '=') + "\n";
}

Json::Object load_json(const LoadFigures& f, const LoadOptions& o, const LoadSettings& s) {
  Json::Object j{{"request_rate", std::isfinite(s.request_rate) ? real(s.request_rate) : Json("inf")},
                 {"burstiness", real(o.burstiness)},
                 {"max_concurrency", s.max_concurrency > 0 ? Json(int64_t{s.max_concurrency}) : Json()},
                 {"duration", real(f.seconds)},
                 {"completed", f.completed},
                 {"failed", f.failed},
                 {"total_input_tokens", f.input_tokens},
                 {"total_output_tokens", f.output_tokens},
                 {"request_throughput", real(f.per_second(f.completed))},
                 {"request_goodput", o.goodput.empty() ? Json() : real(f.per_second(f.good))},
                 {"output_throughput", real(f.per_second(f.output_tokens))},
                 {"total_token_throughput", real(f.per_second(f.input_tokens + f.output_tokens))},
                 {"max_output_tokens_per_s", real(f.peak_output_rate)},
                 {"max_concurrent_requests", int64_t{f.peak_open}},
                 {"client_processor_seconds", real(f.processor_seconds)}};
  for (const Metric m : o.metrics) {
    const auto& v = f.values[static_cast<size_t>(m)];
    const std::string end = "_" + std::string(name_of(m)) + "_ms";
    j.emplace_back("mean" + end, real(mean(v)));
    j.emplace_back("median" + end, real(part(v, 50)));
    j.emplace_back("std" + end, real(deviation(v)));
    for (const double p : o.percentiles) j.emplace_back("p" + percent_name(p) + end, real(part(v, p)));
  }
  return j;
}

void append_details(const LoadRun& run, std::span<const LoadPrompt> prompts, Json::Object& to) {
  Json::Array inputs, outputs, ttfts, itls, texts, errors, starts;
  for (size_t i = 0; i < run.answers.size(); ++i) {
    const LoadAnswer& a = run.answers[i];
    inputs.emplace_back(int64_t{a.prompt_tokens > 0 ? a.prompt_tokens : prompts[i].input_len});
    outputs.emplace_back(int64_t{output_tokens_of(a)});
    starts.push_back(real(a.sent));
    ttfts.push_back(real(a.arrivals.empty() ? 0 : a.arrivals.front() - a.sent));
    Json::Array gaps;
    for (size_t k = 1; k < a.arrivals.size(); ++k) gaps.push_back(real(a.arrivals[k] - a.arrivals[k - 1]));
    itls.emplace_back(std::move(gaps));
    texts.emplace_back(a.text);
    errors.emplace_back(a.error);
  }
  to.emplace_back("input_lens", std::move(inputs));
  to.emplace_back("output_lens", std::move(outputs));
  to.emplace_back("start_times", std::move(starts));
  to.emplace_back("ttfts", std::move(ttfts));
  to.emplace_back("itls", std::move(itls));
  to.emplace_back("generated_texts", std::move(texts));
  to.emplace_back("errors", std::move(errors));
}

}  // namespace quire
