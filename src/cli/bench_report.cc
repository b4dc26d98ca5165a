#include "cli/bench_report.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <numeric>
#include <optional>
#include <utility>
#include <vector>

#include "cli/output_file.h"
#include "cli/started_model.h"

namespace quire {
namespace {

Json number(double v) {
  std::string text;
  append_json_number(v, text);
  return Json(Json::Number{text});
}

Json number(std::optional<double> v) { return v ? number(*v) : Json(); }

std::optional<double> median(std::span<const BenchTiming> iterations,
                             std::optional<double> BenchTiming::* rate) {
  std::vector<double> values;
  for (const BenchTiming& t : iterations)
    if (t.*rate) values.push_back(*(t.*rate));
  if (values.empty()) return std::nullopt;
  return percentile(values, 50);
}

const char* name_of(DType t) { return t == DType::kF32 ? "float32" : "bfloat16"; }

// A figure a line; those of an object begin with its name.
void append_rows(const std::string& prefix, const Json::Object& report, std::string& to) {
  for (const auto& [key, value] : report) {
    if (value.is_null() || value.array() || key == "flags") continue;
    std::string name = prefix + key, shown;
    std::ranges::replace(name, '_', ' ');
    if (value.object()) {
      append_rows(name + ' ', *value.object(), to);
      continue;
    }
    name.resize(std::max<size_t>(name.size() + 2, 28), ' ');
    append_json(value, shown);
    if (const std::optional<double> v = value.real(); v && !value.integer()) {
      char digits[40];
      std::snprintf(digits, sizeof digits, std::abs(*v) >= 100 ? "%.1f" : "%.4f", *v);
      shown = digits;
    }
    to += name + shown + '\n';
  }
}

}  // namespace

double percentile(std::span<const double> values, double percent) {
  std::vector<double> sorted(values.begin(), values.end());
  std::ranges::sort(sorted);
  const double at = percent / 100 * static_cast<double>(sorted.size() - 1);
  const size_t below = static_cast<size_t>(at), above = std::min(below + 1, sorted.size() - 1);
  return sorted[below] + (at - static_cast<double>(below)) * (sorted[above] - sorted[below]);
}

Json::Object latency_report(std::span<const BenchTiming> iterations) {
  std::vector<double> seconds;
  for (const BenchTiming& t : iterations) seconds.push_back(t.seconds);
  Json::Array latencies;
  for (double s : seconds) latencies.push_back(number(s));
  Json::Object percentiles;
  for (int p : {10, 25, 50, 75, 90, 99})
    percentiles.emplace_back(std::to_string(p), number(percentile(seconds, p)));
  const double sum = std::accumulate(seconds.begin(), seconds.end(), 0.0);
  return {{"avg_latency", number(sum / static_cast<double>(seconds.size()))},
          {"latencies", Json(std::move(latencies))},
          {"percentiles", Json(std::move(percentiles))}};
}

Json::Object throughput_report(const BenchTiming& run, size_t requests) {
  const double seconds = std::max(run.seconds, 1e-9);
  const uint64_t total = run.prompt_tokens + run.tokens;
  return {{"elapsed_time", number(run.seconds)},
          {"num_requests", Json(static_cast<int64_t>(requests))},
          {"total_num_tokens", Json(static_cast<int64_t>(total))},
          {"requests_per_second", number(static_cast<double>(requests) / seconds)},
          {"tokens_per_second", number(static_cast<double>(total) / seconds)},
          {"output_tokens_per_second", number(static_cast<double>(run.tokens) / seconds)}};
}

void append_common(std::span<const BenchTiming> iterations, const BenchWork& work, const Launched& launched,
                   const Given& given, const std::optional<MachineLimits>& machine, Json::Object& to) {
  const Blueprint& b = *launched.blueprint;
  const std::optional<double> prefill = median(iterations, &BenchTiming::prefill_rate),
                              decode = median(iterations, &BenchTiming::decode_rate);
  to.emplace_back("prefill_tokens_per_s", number(prefill));
  to.emplace_back("decode_tokens_per_s", number(decode));
  to.emplace_back("prefill_fraction",
                  number(machine ? prefill_fraction(work, *machine, prefill) : std::nullopt));
  to.emplace_back("decode_fraction",
                  number(machine ? decode_fraction(work, *machine, b, decode) : std::nullopt));
  to.emplace_back("machine", machine ? Json(machine_report(*machine)) : Json());
  to.emplace_back("model", Json(Json::Object{{"parameters", Json(b.memory.parameters)},
                                             {"weight_bytes", Json(b.memory.weight_bytes)},
                                             {"kv_bytes_per_token", Json(b.memory.kv_bytes_per_token)},
                                             {"dtype", Json(name_of(b.backend->cache()))}}));
  Json::Object flags;
  for (const auto& [name, value] : given.used) {
    std::erase_if(flags, [&](const Json::Member& m) { return m.first == name; });  // the last one holds
    flags.emplace_back(name, Json(value));
  }
  to.emplace_back("flags", Json(std::move(flags)));
  to.emplace_back("peak_memory_bytes", Json(peak_memory_bytes()));
  to.emplace_back("load_s", number(launched.load_seconds));
}

std::string report_table(const Json::Object& report) {
  std::string text;
  append_rows("", report, text);
  return text;
}

Status write_report(const Json::Object& report, const std::string& json_path) {
  const std::string table = report_table(report);
  std::fputs(table.c_str(), json_path == "-" ? stderr : stdout);
  std::fflush(stdout);
  if (json_path.empty()) return {};
  Result<OutputFile> file = OutputFile::open(json_path);
  if (!file.ok()) return file.status();
  std::string text;
  append_json(Json(report), text);
  file.value().write(text + '\n');
  return file.value().flush();
}

}  // namespace quire
