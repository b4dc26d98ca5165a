// The flags of quire bench serve, with the names and defaults of vllm bench serve.
#pragma once
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/settings.h"
#include "base/status.h"

namespace quire {

enum class Metric : uint8_t { kTtft, kTpot, kItl, kE2el };

struct LoadFlags {  // as given
  std::string backend = "openai", base_url{}, host = "127.0.0.1", endpoint{}, model{}, served_model_name{},
              tokenizer{};
  int32_t port = 8000;
  std::vector<std::string> headers{}, metadata{}, goodput{};
  std::string dataset_name = "random", dataset_path{};
  int32_t num_prompts = 1000, input_len = 1024, output_len = 128, prefix_len = 0, custom_output_len = 256;
  std::optional<double> range_ratio{}, burstiness{}, temperature{};
  std::string request_rate = "inf";
  int32_t max_concurrency = 0, num_warmups = 0;
  uint64_t seed = 0;
  bool ignore_eos = false, save_result = false, save_detailed = false;
  std::string result_dir{}, result_filename{}, percentile_metrics = "ttft,tpot,itl",
                                               metric_percentiles = "99";
  std::string plot{}, plot_rates{}, plot_concurrencies{};
};

std::vector<SettingGroup> load_settings(LoadFlags& flags);

struct LoadOptions {  // what they mean
  bool chat = false;
  double request_rate = std::numeric_limits<double>::infinity();
  double burstiness = 1;
  std::vector<std::pair<std::string, std::string>> headers, metadata;
  std::vector<std::pair<Metric, double>> goodput;  // at most so many milliseconds
  std::vector<Metric> metrics;
  std::vector<double> percentiles;
  std::vector<double> plot_rates;
  std::vector<int32_t> plot_concurrencies;  // one of the two, if a plot is wanted
};

// `more`: positionals, that go on with the flag before them: --goodput ttft:200 tpot:50, --metadata a=b c=d.
// `api_key`: null or what OPENAI_API_KEY says.
Result<LoadOptions> read_load_options(LoadFlags& flags, std::vector<std::string> more, const char* api_key);

const char* name_of(Metric metric);  // "ttft"

}  // namespace quire
