#include "cli/bench_serve/bench_serve.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <ctime>

#include "cli/bench_serve/load_client.h"
#include "cli/bench_serve/load_figures.h"
#include "cli/bench_serve/load_plot.h"
#include "cli/bench_serve/load_report.h"
#include "cli/output_file.h"
#include "cli/progress.h"

namespace quire {
namespace {

struct Session {
  LoadFlags flags;
  LoadOptions options;
  LoadTarget target;
  std::string model;
  std::vector<LoadPrompt> prompts;
  std::vector<std::string> bodies;
};

Result<std::string> first_model(const Session& s) {
  auto target = parse_target(s.flags.base_url, "/v1/models");
  if (!target.ok()) return target.status();
  target.value().headers = s.options.headers;
  const Result<std::string> body = http_get(target.value());
  if (!body.ok()) return body.status();
  const Result<Json> json = parse_json(body.value());
  const Json* data = json.ok() ? json.value().find("data") : nullptr;
  if (data && data->array() && !data->array()->empty())
    if (const Json* id = data->array()->front().find("id"); id && id->string()) return *id->string();
  return Status(Code::kInvalidArgument, s.flags.base_url + "/v1/models lists no model; say --model NAME.");
}

Status ask_for_prompts(Session& s) {
  auto prompts = make_prompts(s.flags, s.options);
  if (!prompts.ok()) return prompts.status();
  s.prompts = std::move(prompts).value();
  s.bodies.clear();
  for (const LoadPrompt& p : s.prompts) s.bodies.push_back(body_of(p, s.model, s.flags, s.options));
  return {};
}

Status prepare(Session& s) {
  auto target = parse_target(s.flags.base_url, s.flags.endpoint);
  if (!target.ok()) return target.status();
  s.target = std::move(target).value();
  s.target.headers = s.options.headers;
  s.model = s.flags.served_model_name.empty() ? s.flags.model : s.flags.served_model_name;
  if (s.model.empty()) {
    Result<std::string> model = first_model(s);
    if (!model.ok()) return model.status();
    s.model = std::move(model).value();
  }
  return ask_for_prompts(s);
}

// One short request first: a wrong name or key is told at once, not a thousand times.
Status try_one(const Session& s) {
  LoadPrompt one = s.prompts[0];
  one.output_len = 1;
  const std::string bodies[] = {body_of(one, s.model, s.flags, s.options)};
  const double starts[] = {0};
  const Result<LoadRun> run = run_load(s.target, bodies, starts, 1, false, {});
  if (!run.ok()) return run.status();
  const std::string& error = run.value().answers[0].error;
  if (error.empty()) return {};
  return {Code::kInvalidArgument, "http://" + s.target.host + ":" + s.target.port + s.target.path +
                                      " does not answer as it should: " + error};
}

Status warm_up(const Session& s) {
  const size_t n = std::min(static_cast<size_t>(s.flags.num_warmups), s.bodies.size());
  if (n == 0) return {};
  const std::vector<double> starts(n, 0);
  const int32_t at_once = s.flags.max_concurrency > 0 ? s.flags.max_concurrency : static_cast<int32_t>(n);
  return run_load(s.target, std::span(s.bodies).first(n), starts, at_once, false, {}).status();
}

Result<LoadRun> measure(const Session& s, const LoadSettings& settings) {
  const auto starts =
      arrival_times(s.bodies.size(), settings.request_rate, s.options.burstiness, s.flags.seed);
  const auto all = static_cast<int32_t>(std::min<size_t>(s.bodies.size(), 1 << 30));
  Progress progress;
  return run_load(s.target, s.bodies, starts, settings.max_concurrency > 0 ? settings.max_concurrency : all,
                  s.flags.save_detailed, [&](double done) { progress.show(done, "requests"); });
}

Json::Object description(const Session& s) {
  const std::time_t now = std::time(nullptr);
  std::tm parts{};
  localtime_r(&now, &parts);
  char date[32];
  std::strftime(date, sizeof date, "%Y%m%d-%H%M%S", &parts);
  Json::Object j{{"date", date},
                 {"backend", s.flags.backend},
                 {"model_id", s.model},
                 {"tokenizer_id", s.flags.tokenizer},
                 {"num_prompts", static_cast<int64_t>(s.prompts.size())}};
  for (const auto& [name, value] : s.options.metadata) j.emplace_back(name, value);
  return j;
}

Status write_file(const std::string& path, const std::string& text) {
  Result<OutputFile> file = OutputFile::open(path);
  if (!file.ok()) return file.status();
  file.value().write(text);
  return file.value().flush();
}

std::string result_path(const Session& s, const Json::Object& j) {
  std::string name = s.flags.result_filename;
  if (name.empty()) {
    name = s.flags.backend + "-" + s.flags.request_rate + "qps-";
    if (s.flags.max_concurrency > 0) name += "concurrency" + std::to_string(s.flags.max_concurrency) + "-";
    name += s.model + "-" + *Json(j).find("date")->string() + ".json";
    std::ranges::replace(name, '/', '_');
  }
  return s.flags.result_dir.empty() ? name : s.flags.result_dir + "/" + name;
}

Status save(const Session& s, Json::Object json) {
  if (!s.flags.save_result && !s.flags.save_detailed) return {};
  const std::string path = result_path(s, json);
  std::string text;
  append_json(Json(std::move(json)), text);
  Status status = write_file(path, text + "\n");
  if (status.ok()) say("wrote " + path);
  return status;
}

// One run, told at once.
Result<LoadFigures> run_once(const Session& s, const LoadSettings& settings, Json::Object& json) {
  Result<LoadRun> run = measure(s, settings);
  if (!run.ok()) return run.status();
  LoadFigures figures = figures_of(run.value(), s.prompts, s.options);
  std::fputs(load_table(figures, s.options, settings).c_str(), stdout);
  std::fflush(stdout);
  for (const LoadAnswer& a : run.value().answers)
    if (!a.error.empty()) {
      say("the first error: " + a.error);
      break;
    }
  json = load_json(figures, s.options, settings);
  if (s.flags.save_detailed) append_details(run.value(), s.prompts, json);
  return figures;
}

// At each load with prompts of its own, where they are random: else the later ones would find theirs in the
// server's cache.
Result<bool> sweep(Session& s) {
  std::vector<PlotPoint> points;
  Json::Array runs;
  bool all_well = true;
  const bool by_rate = !s.options.plot_rates.empty();
  std::vector<double> loads = s.options.plot_rates;
  if (!by_rate) loads.assign(s.options.plot_concurrencies.begin(), s.options.plot_concurrencies.end());
  std::ranges::sort(loads);
  for (const double load : loads) {
    const LoadSettings settings{by_rate ? load : s.options.request_rate,
                                by_rate ? s.flags.max_concurrency : static_cast<int32_t>(load)};
    ++s.flags.seed;
    if (Status status = ask_for_prompts(s); !status.ok()) return status;
    Json::Object json;
    Result<LoadFigures> figures = run_once(s, settings, json);
    if (!figures.ok()) return figures.status();
    all_well = all_well && figures.value().failed == 0;
    runs.emplace_back(std::move(json));
    points.push_back({load, std::move(figures).value()});
  }
  const std::string title = s.model + ", " + std::to_string(s.prompts.size()) + " requests at each load";
  const std::string svg = load_plot(points, by_rate ? "requests per second" : "open requests", title);
  if (Status status = write_file(s.flags.plot, svg); !status.ok()) return status;
  Json::Object json = description(s);
  json.emplace_back("runs", std::move(runs));
  if (Status status = save(s, std::move(json)); !status.ok()) return status;
  return all_well;
}

Result<bool> single(const Session& s) {
  Json::Object figures;
  const Result<LoadFigures> run = run_once(s, {s.options.request_rate, s.flags.max_concurrency}, figures);
  if (!run.ok()) return run.status();
  Json::Object json = description(s);
  for (Json::Member& m : figures) json.push_back(std::move(m));
  if (Status status = save(s, std::move(json)); !status.ok()) return status;
  return run.value().failed == 0;
}

}  // namespace

int run_bench_serve(const Command& command, std::span<const std::string> arguments) {
  Session s;
  Given given;
  const auto groups = load_settings(s.flags);
  if (auto over = read_flags(command, groups, arguments, given)) return *over;
  Result<LoadOptions> options = read_load_options(s.flags, given.positionals, std::getenv("OPENAI_API_KEY"));
  if (!options.ok()) return wrong_use(command, options.status().message());
  s.options = std::move(options).value();
  if (Status status = prepare(s); !status.ok()) return refused(status);
  if (Status status = try_one(s); !status.ok()) return refused(status);
  if (Status status = warm_up(s); !status.ok()) return refused(status);
  const Result<bool> all_well = s.flags.plot.empty() ? single(s) : sweep(s);
  if (!all_well.ok()) return refused(all_well.status());
  return all_well.value() ? kAllWell : kRefused;
}

}  // namespace quire
