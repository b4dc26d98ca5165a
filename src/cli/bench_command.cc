// quire bench: latency of one batch again and again, or throughput of many requests at once.
#include "cli/bench_command.h"

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "cli/bench_machine.h"
#include "cli/bench_report.h"
#include "cli/bench_requests.h"
#include "cli/bench_run.h"
#include "cli/bench_serve/bench_serve.h"
#include "cli/progress.h"
#include "cli/started_model.h"

namespace quire {
namespace {

struct BenchFlags {
  EngineFlags engine;
  std::string output_json;
  RandomPrompts prompts;
  int32_t warmups = 10, iterations = 30;  // latency
  std::optional<int64_t> num_prompts;     // throughput
  std::optional<double> range_ratio;      // likewise
  std::string dataset;                    // likewise
  int32_t num_requests(int32_t otherwise) const {
    return static_cast<int32_t>(num_prompts.value_or(otherwise));
  }
};

constexpr double kMost = 1 << 30;

SettingGroup output_settings(BenchFlags& f) {
  return {"Output",
          {{"output-json", &f.output_json, "Write the figures as a JSON object; - is standard output.",
            "FILE", "", 0, 0, nullptr, true}}};
}

std::vector<SettingGroup> latency_settings(BenchFlags& f) {
  return {{"Latency",
           {{"input-len", &f.prompts.input_len, "Tokens of each prompt.", "N", "", 1, kMost},
            {"output-len", &f.prompts.output_len, "Tokens of each answer.", "N", "", 1, kMost},
            {"batch-size", &f.prompts.count, "Requests of one iteration.", "N", "", 1, kMost},
            {"num-iters-warmup", &f.warmups, "Iterations that are not measured.", "N", "", 0, kMost},
            {"num-iters", &f.iterations, "Iterations that are.", "N", "", 1, kMost}}},
          output_settings(f),
          engine_settings(f.engine)};
}

std::vector<SettingGroup> throughput_settings(BenchFlags& f) {
  return {{"Throughput",
           {{"input-len", &f.prompts.input_len, "Tokens of each prompt.", "N", "", 1, kMost},
            {"output-len", &f.prompts.output_len, "Tokens of each answer.", "N", "", 1, kMost},
            {"num-prompts", &f.num_prompts, "Requests; 64, or all of the dataset, if nobody says.", "N", "",
             1, kMost},
            {"random-range-ratio", &f.range_ratio, "Lengths vary by this share both ways.", "X", "", 0, 1},
            {"random-prefix-len", &f.prompts.prefix_len,
             "Tokens that all prompts begin with, beside input-len.", "N", "", 0, kMost},
            {"dataset", &f.dataset,
             "Lines of JSON with prompt or prompt_token_ids, and output_len or max_tokens, instead of random "
             "prompts.",
             "FILE", "", 0, 0, nullptr, true}}},
          output_settings(f),
          engine_settings(f.engine)};
}

// In the same run, since neighbours come and go.
std::optional<MachineLimits> machine_of(const BenchFlags& f) {
  const LaunchOptions& o = f.engine.launch;
  if (o.device != "cpu") return std::nullopt;
  Result<MachineLimits> machine = measure_machine(o.cpu_isa, o.threads);
  if (!machine.ok()) return std::nullopt;
  return std::move(machine).value();
}

Result<Json::Object> measure_latency(const BenchFlags& f, const Launched& model, BenchRun& bench,
                                     const Given& given) {
  const std::vector<BenchRequest> requests =
      random_requests(f.prompts, model.blueprint->spec.vocab, f.engine.launch.seed);
  std::vector<BenchTiming> measured;
  Progress progress;
  for (int32_t i = -f.warmups; i < f.iterations; ++i) {
    const std::string text = i < 0 ? "warming up" : "iteration " + std::to_string(i + 1);
    Result<BenchTiming> timing = bench.run(*model.engine, requests, [&](double done) {
      progress.show((i + f.warmups + done) / (f.warmups + f.iterations), text);
    });
    if (!timing.ok()) return timing.status();
    if (i >= 0) measured.push_back(timing.value());
  }
  Json::Object report = latency_report(measured);
  const BenchWork work = work_of(model.blueprint->spec, requests, f.engine.launch.max_num_seqs);
  append_common(measured, work, model, given, machine_of(f), report);
  return report;
}

Result<Json::Object> measure_throughput(const BenchFlags& f, const Launched& model, BenchRun& bench,
                                        const Given& given) {
  const int32_t vocab = model.blueprint->spec.vocab;
  std::vector<BenchRequest> requests;
  if (f.dataset.empty()) {
    RandomPrompts prompts = f.prompts;
    prompts.count = f.num_requests(64);
    prompts.range_ratio = f.range_ratio.value_or(0);
    requests = random_requests(prompts, vocab, f.engine.launch.seed);
  } else {
    Result<std::unique_ptr<Tokenizer>> tokenizer = load_tokenizer(f.engine.launch.folder);
    Result<std::vector<BenchRequest>> read =
        read_dataset(f.dataset, tokenizer.ok() ? tokenizer.value().get() : nullptr, vocab, f.num_requests(0));
    if (!read.ok()) return read.status();
    requests = std::move(read).value();
  }
  Progress progress;
  Result<BenchTiming> timing =
      bench.run(*model.engine, requests, [&](double done) { progress.show(done, "requests"); });
  if (!timing.ok()) return timing.status();
  Json::Object report = throughput_report(timing.value(), requests.size());
  const BenchWork work = work_of(model.blueprint->spec, requests, f.engine.launch.max_num_seqs);
  append_common({&timing.value(), 1}, work, model, given, machine_of(f), report);
  return report;
}

}  // namespace

int run_bench(const Command& command, std::span<const std::string> arguments) {
  const std::string kind = arguments.empty() ? "" : arguments[0];
  if (kind == "serve") return run_bench_serve(command, arguments.subspan(1));
  if (kind == "machine") return run_bench_machine(command, arguments.subspan(1));
  const bool help = kind == "--help" || kind == "-h", latency = kind == "latency" || help;
  if (!latency && kind != "throughput")
    return wrong_use(command, (kind.empty() ? "say what to measure" : "unknown benchmark \"" + kind + "\"") +
                                  "; there are latency, throughput, serve and machine.");
  BenchFlags flags;
  flags.prompts = {.count = 8, .input_len = latency ? 32 : 128, .output_len = 128};
  if (latency) flags.engine.launch.enable_prefix_caching = false;  // every iteration asks for the same
  const std::vector<SettingGroup> groups = latency ? latency_settings(flags) : throughput_settings(flags);
  Given given;
  LaunchOptions& launch = flags.engine.launch;
  if (auto over =
          read_command_line(command, groups, help ? arguments : arguments.subspan(1), launch.folder, given))
    return *over;

  BenchRun bench;
  Result<StartedModel> started =
      start_model(flags.engine, [&bench](auto events, auto, const auto&) { bench.deliver(events); });
  if (!started.ok()) return refused(started.status());
  const Launched& model = started.value().launched;
  Result<Json::Object> report =
      latency ? measure_latency(flags, model, bench, given) : measure_throughput(flags, model, bench, given);
  if (!report.ok()) return refused(report.status());
  if (Status s = write_report(report.value(), flags.output_json); !s.ok()) return refused(s);
  return kAllWell;
}

}  // namespace quire
