// Figures as people read them, and as the JSON that --save-result writes, with vllm bench serve's names.
#pragma once
#include <string>

#include "base/json.h"
#include "cli/bench_serve/load_figures.h"

namespace quire {

struct LoadSettings {  // of one run
  double request_rate = 0;
  int32_t max_concurrency = 0;  // 0: any
};

std::string load_table(const LoadFigures& figures, const LoadOptions& options, const LoadSettings& settings);

Json::Object load_json(const LoadFigures& figures, const LoadOptions& options, const LoadSettings& settings);
// What --save-detailed adds.
void append_details(const LoadRun& run, std::span<const LoadPrompt> prompts, Json::Object& to);

}  // namespace quire
