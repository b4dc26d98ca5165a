#include "cli/bench_serve/load_options.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <functional>

namespace quire {
namespace {

constexpr std::array<const char*, 4> kNames{"ttft", "tpot", "itl", "e2el"};
constexpr double kMany = 1 << 30;

Status refuse(std::string why) { return {Code::kInvalidArgument, std::move(why)}; }

std::vector<std::string> split(const std::string& list) {
  std::vector<std::string> parts;
  for (size_t begin = 0; begin < list.size();) {
    const size_t end = std::min(list.find(',', begin), list.size());
    if (end > begin) parts.push_back(list.substr(begin, end - begin));
    begin = end + 1;
  }
  return parts;
}

std::optional<double> number(const std::string& text) {
  double v = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), v);
  if (error != std::errc() || end != text.data() + text.size() || std::isnan(v)) return std::nullopt;
  return v;
}

std::optional<Metric> metric(const std::string& name) {
  for (size_t i = 0; i < kNames.size(); ++i)
    if (name == kNames[i]) return static_cast<Metric>(i);
  return std::nullopt;
}

Status read_pair(const std::string& flag, const std::string& text, char between,
                 std::vector<std::pair<std::string, std::string>>& to) {
  const size_t at = text.find(between);
  if (at == std::string::npos || at == 0)
    return refuse("--" + flag + " must be NAME" + between + "VALUE, got \"" + text + "\".");
  to.emplace_back(text.substr(0, at), text.substr(at + 1));
  return {};
}

Status read_goodput(const std::string& list, LoadOptions& o) {
  for (const std::string& part : split(list)) {
    const size_t at = std::min(part.find(':'), part.size());
    const auto what = metric(part.substr(0, at));
    const auto most = number(at < part.size() ? part.substr(at + 1) : "");
    if (!what || *what == Metric::kItl || !most || *most < 0)
      return refuse("--goodput must be such as ttft:200,tpot:50,e2el:3000 (milliseconds), got \"" + part +
                    "\".");
    o.goodput.emplace_back(*what, *most);
  }
  return {};
}

// Numbers, in the order of the list.
Status read_list(const std::string& flag, const std::string& list, const std::function<bool(double)>& take) {
  const auto takes = [&](const std::string& part) {
    const auto v = number(part);
    return v && take(*v);
  };
  const auto parts = split(list);
  const auto bad = std::ranges::find_if_not(parts, takes);
  if (bad == parts.end()) return {};
  return refuse("--" + flag + " must be a list of numbers such as 1,2,4, got \"" + *bad + "\".");
}

}  // namespace

const char* name_of(Metric metric) { return kNames[static_cast<size_t>(metric)]; }

std::vector<SettingGroup> load_settings(LoadFlags& f) {
  return {
      {"Server",
       {{"backend", &f.backend, "What to ask for: completions (openai, vllm) or chat completions.", "",
         "openai|openai-chat|vllm"},
        {"base-url", &f.base_url, "Where the server is, instead of host and port.", "URL"},
        {"host", &f.host, "Where the server is.", "HOST"},
        {"port", &f.port, "Its port.", "N", "", 1, 65535},
        {"endpoint", &f.endpoint, "Path of the requests; otherwise as the backend has it.", "PATH"},
        {"model", &f.model, "Name in the requests; otherwise the first that /v1/models lists.", "NAME"},
        {"served-model-name", &f.served_model_name, "The same, if --model says something else.", "NAME"},
        {"tokenizer", &f.tokenizer,
         "Model folder whose tokenizer makes random prompts of just the length; otherwise completions get "
         "token "
         "ids and chats get words.",
         "DIR"},
        {"header", &f.headers, "A header for every request, NAME=VALUE; OPENAI_API_KEY makes Authorization.",
         "NAME=VALUE"}}},
      {"Requests",
       {{"dataset-name", &f.dataset_name, "Where prompts come from.", "", "random|custom"},
        {"dataset-path", &f.dataset_path,
         "Of custom: lines of JSON with \"prompt\" (text or token ids) or \"messages\", and perhaps "
         "\"output_tokens\".",
         "FILE"},
        {"num-prompts", &f.num_prompts, "How many requests.", "N", "", 1, kMany},
        {"random-input-len", &f.input_len, "Tokens of a random prompt.", "N", "", 1, kMany},
        {"random-output-len", &f.output_len, "Tokens of its answer.", "N", "", 1, kMany},
        {"random-range-ratio", &f.range_ratio, "Both lengths vary by this share both ways.", "X", "", 0, 1},
        {"random-prefix-len", &f.prefix_len, "Tokens that all random prompts begin with, beside input-len.",
         "N", "", 0, kMany},
        {"custom-output-len", &f.custom_output_len, "Tokens of an answer whose line does not say.", "N", "",
         1, kMany},
        {"ignore-eos", &f.ignore_eos, "Answers go on to their length."},
        {"temperature", &f.temperature, "Of all requests; 0 if nobody says.", "X", "", 0},
        {"seed", &f.seed, "What random prompts and times are made from.", "N"}}},
      {"Load",
       {{"request-rate", &f.request_rate, "Requests a second; inf: all at once.", "X"},
        {"burstiness", &f.burstiness, "1: they come as a Poisson process; below: in bursts; above: evenly.",
         "X", "", 1e-3},
        {"max-concurrency", &f.max_concurrency, "Requests that are open at a time; 0: any number.", "N", "",
         0, kMany},
        {"num-warmups", &f.num_warmups, "Requests beforehand that are not measured.", "N", "", 0, kMany}}},
      {"Figures",
       {{"goodput", &f.goodput, "What a good request keeps to, in milliseconds: ttft:200,tpot:50,e2el:3000.",
         "LIST"},
        {"percentile-metrics", &f.percentile_metrics, "Whose percentiles are told: ttft, tpot, itl, e2el.",
         "LIST"},
        {"metric-percentiles", &f.metric_percentiles, "Which percentiles.", "LIST"},
        {"save-result", &f.save_result, "Write the figures as JSON."},
        {"save-detailed", &f.save_detailed, "And every request's times and text."},
        {"result-dir", &f.result_dir, "Folder of that file.", "DIR"},
        {"result-filename", &f.result_filename, "Its name; otherwise made of backend, rate, model and time.",
         "FILE"},
        {"metadata", &f.metadata, "Goes into that file, NAME=VALUE.", "NAME=VALUE"},
        {"plot", &f.plot,
         "Measure at several loads and draw latency over load as SVG. The loads are those of the next two "
         "flags.",
         "FILE"},
        {"plot-request-rates", &f.plot_rates, "Requests a second, such as 1,2,4,8.", "LIST"},
        {"plot-concurrencies", &f.plot_concurrencies,
         "Open requests, such as 1,4,16; without both flags 1,2,4,8,16,32.", "LIST"}}}};
}

Result<LoadOptions> read_load_options(LoadFlags& f, std::vector<std::string> more, const char* api_key) {
  LoadOptions o;
  for (std::string& text : more) {
    if (text.find('=') != std::string::npos && !f.metadata.empty()) f.metadata.push_back(std::move(text));
    else if (text.find(':') != std::string::npos && !f.goodput.empty()) f.goodput.push_back(std::move(text));
    else return refuse("bench serve takes flags only, got \"" + text + "\".");
  }
  o.chat = f.backend == "openai-chat";
  const auto rate = number(f.request_rate);
  if (!rate || *rate <= 0)
    return refuse("--request-rate must be a number above 0 or inf, got \"" + f.request_rate + "\".");
  o.request_rate = *rate;
  o.burstiness = f.burstiness.value_or(1);
  for (const std::string& h : f.headers)
    if (Status s = read_pair("header", h, '=', o.headers); !s.ok()) return s;
  if (api_key && *api_key) o.headers.emplace_back("Authorization", "Bearer " + std::string(api_key));
  for (const auto& [name, value] : o.headers)
    for (const char c : name + value)
      if (static_cast<unsigned char>(c) < ' ')
        return refuse("--header " + name + " holds a control character.");
  for (const std::string& m : f.metadata)
    if (Status s = read_pair("metadata", m, '=', o.metadata); !s.ok()) return s;
  for (const std::string& g : f.goodput)
    if (Status s = read_goodput(g, o); !s.ok()) return s;
  for (const std::string& name : split(f.percentile_metrics)) {
    const auto m = metric(name);
    if (!m) return refuse("--percentile-metrics must be of ttft, tpot, itl and e2el, got \"" + name + "\".");
    o.metrics.push_back(*m);
  }
  const auto percent = [&](double v) { return v >= 0 && v <= 100 && (o.percentiles.push_back(v), true); };
  if (Status s = read_list("metric-percentiles", f.metric_percentiles, percent); !s.ok()) return s;
  const auto a_rate = [&](double v) { return v > 0 && (o.plot_rates.push_back(v), true); };
  if (Status s = read_list("plot-request-rates", f.plot_rates, a_rate); !s.ok()) return s;
  const auto at_a_time = [&](double v) {
    return v >= 1 && v <= kMany && v == std::floor(v) &&
           (o.plot_concurrencies.push_back(static_cast<int32_t>(v)), true);
  };
  if (Status s = read_list("plot-concurrencies", f.plot_concurrencies, at_a_time); !s.ok()) return s;
  if (!o.plot_rates.empty() && !o.plot_concurrencies.empty())
    return refuse("--plot-request-rates and --plot-concurrencies exclude each other; give one.");
  if (!f.plot.empty() && o.plot_rates.empty() && o.plot_concurrencies.empty())
    o.plot_concurrencies = {1, 2, 4, 8, 16, 32};
  if ((f.dataset_name == "custom") == f.dataset_path.empty())
    return refuse("--dataset-name custom and --dataset-path belong together.");
  if (f.base_url.empty()) {
    const bool six = f.host.find(':') != std::string::npos;
    f.base_url = "http://" + (six ? "[" + f.host + "]" : f.host) + ":" + std::to_string(f.port);
  }
  if (f.endpoint.empty()) f.endpoint = o.chat ? "/v1/chat/completions" : "/v1/completions";
  return o;
}

}  // namespace quire
