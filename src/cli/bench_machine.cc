#include "cli/bench_machine.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "backends/host_memory.h"
#include "base/cores.h"
#include "base/settings.h"
#include "cli/bench_report.h"
#include "cli/progress.h"

namespace quire {
namespace {

Json giga(double rate) {  // to a tenth
  if (rate == 0) return {};
  std::string text;
  append_json_number(std::round(rate * 1e-8) / 10, text);
  return Json(Json::Number{text});
}

// Larger than caches, where memory allows.
size_t buffer_bytes() { return std::min(size_t{1} << 30, free_host_memory() / 4); }

void append_rates(const cpu::ComputeRates& rates, Json::Object& to) {
  to.emplace_back("fma_gflop_per_s", giga(rates.fma));
  to.emplace_back("bf16_gflop_per_s", giga(rates.bf16));
  to.emplace_back("int8_gop_per_s", giga(rates.int8));
}

struct MachineFlags {
  std::string isa = "auto", output_json;
  int32_t threads = 0;
};

std::vector<SettingGroup> settings(MachineFlags& f) {
  return {{"Machine",
           {{"cpu-isa", &f.isa, "Instruction set that the figures above the list of all are of.", "",
             "auto|avx512-bf16|avx512|avx2|portable"},
            {"threads", &f.threads, "Threads that compute and read; 0: one for each core.", "N", "", 0, 4096},
            {"output-json", &f.output_json, "Write the figures as a JSON object; - is standard output.",
             "FILE", "", 0, 0, nullptr, true}}}};
}

}  // namespace

Result<MachineLimits> measure_machine(const std::string& isa, int32_t threads) {
  const Result<const cpu::Level*> level = cpu::find_level(isa);
  if (!level.ok()) return level.status();
  if (threads == 0) threads = usable_cores();
  const Result<double> read = cpu::measure_read(buffer_bytes(), threads);
  if (!read.ok()) return read.status();
  return MachineLimits{cpu::processor_name(), std::string(level.value()->name), threads, read.value(),
                       cpu::measure_rates(*level.value(), threads)};
}

Json::Object machine_report(const MachineLimits& machine) {
  Json::Object report{{"cpu", Json(machine.cpu)},
                      {"isa", Json(machine.isa)},
                      {"threads", Json(int64_t{machine.threads})},
                      {"read_gb_per_s", giga(machine.read)}};
  append_rates(machine.rates, report);
  return report;
}

int run_bench_machine(const Command& command, std::span<const std::string> arguments) {
  MachineFlags flags;
  Given given;
  if (auto over = read_flags(command, settings(flags), arguments, given)) return *over;
  if (!given.positionals.empty())
    return wrong_use(command, "machine needs no model folder, got \"" + given.positionals[0] + "\".");
  Progress progress;
  progress.show(0, "measuring");
  const Result<MachineLimits> machine = measure_machine(flags.isa, flags.threads);
  if (!machine.ok()) return refused(machine.status());
  Json::Object report = machine_report(machine.value());
  const MachineLimits& all = machine.value();
  Json::Object reads, levels;
  for (int32_t n = 1; n < all.threads; n *= 2) {
    const Result<double> read = cpu::measure_read(buffer_bytes(), n);
    if (!read.ok()) return refused(read.status());
    reads.emplace_back(std::to_string(n), giga(read.value()));
  }
  reads.emplace_back(std::to_string(all.threads), giga(all.read));
  for (const cpu::Level& level : cpu::levels()) {
    if (!level.supported()) continue;
    progress.show(0.5, "measuring");
    Json::Object rates;
    append_rates(level.name == all.isa ? all.rates : cpu::measure_rates(level, all.threads), rates);
    levels.emplace_back(std::string(level.name), Json(std::move(rates)));
  }
  progress.clear();
  report.emplace_back("read_gb_per_s_by_threads", Json(std::move(reads)));
  report.emplace_back("levels", Json(std::move(levels)));
  if (Status s = write_report(report, flags.output_json); !s.ok()) return refused(s);
  return kAllWell;
}

}  // namespace quire
