#include "cli/serve/served_model.h"

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "base/cores.h"
#include "cli/command.h"
#include "cli/version.h"
#include "serve/api/generate.h"
#include "serve/api/salt.h"
#include "serve/http/response.h"

namespace quire {
namespace {

// Two are enough for the text of a thousand tokens a second; the rest of the machine computes.
int32_t text_threads(const ServeFlags& f) { return f.text_threads > 0 ? f.text_threads : 2; }

std::vector<std::string> names_of(const ServeFlags& f) {
  if (!f.served_model_name.empty()) return f.served_model_name;
  std::string name = f.engine.launch.folder;
  while (name.size() > 1 && name.back() == '/') name.pop_back();
  return {name};
}

}  // namespace

ServedModel::ServedModel(const ServeFlags& flags)
    : flags_(flags),
      admission_(flags.admission, flags.engine.launch.max_num_seqs, steady_ns()),
      pool_(text_threads(flags)) {}

ServedModel::~ServedModel() {
  ends_ = true;
  if (settling_.joinable()) settling_.join();
  pool_.stop();
}

Result<std::unique_ptr<ServedModel>> ServedModel::load(ServeFlags& flags, serve::Health& health) {
  std::unique_ptr<ServedModel> m(new ServedModel(flags));
  const std::string& folder = flags.engine.launch.folder;
  Result<ChatOptions> chat = load_chat(folder, flags.chat_template, flags.trust_content);
  if (!chat.ok()) return chat.status();
  m->chat_ = std::move(chat).value();
  Result<std::unique_ptr<Tokenizer>> tokenizer = load_tokenizer(folder);
  if (!tokenizer.ok()) return tokenizer.status();
  m->tokenizer_ = std::move(tokenizer).value();
  flags.engine.launch.weight_cache = weight_cache(flags);
  Result<StartedModel> started = start_model(
      flags.engine,
      [&m = *m](auto events, auto logprobs, const auto&) { m.board_.deliver(events, logprobs); },
      [&health](double fraction) { health.loading(fraction); });
  if (!started.ok()) return started.status();
  m->started_ = std::move(started).value();
  return m;
}

std::vector<serve::Route> ServedModel::routes() {
  Engine& engine = *started_.launched.engine;
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  serve::ApiSettings settings;
  settings.names = names_of(flags_);
  settings.root = flags_.engine.launch.folder;
  settings.started = std::chrono::duration_cast<std::chrono::seconds>(now).count();
  settings.version = version();
  settings.defaults = started_.generation.defaults;
  settings.log_prompts = flags_.log_prompts;
  settings.secret = {serve::draw_number(), serve::draw_number()};

  serve::MetricsConfig config;
  config.prefix = flags_.metrics_prefix;
  config.model_name = settings.names.front();
  config.max_model_len = engine.limits().max_model_len;
  config.block_size = flags_.engine.launch.block_size;
  config.enable_prefix_caching = flags_.engine.launch.enable_prefix_caching;
  // All of those below: the endpoints need the metrics before they are there.
  config.routes = {"/metrics",    "/livez",     "/readyz", "/startupz",          "/health",  "/tokenize",
                   "/detokenize", "/v1/models", "/load",   "/v1/models/{model}", "/version", "/openapi.json"};
  for (const serve::Endpoint& e : serve::generation_endpoints()) config.routes.emplace_back(e.path);
  metrics_ = std::make_unique<serve::Metrics>(
      config, [&engine] { return engine.state(); }, [this] { return admission_.counts(); }, steady_ns);

  std::vector<serve::Route> routes = serve::api_routes(
      {engine, board_, pool_, *tokenizer_, chat_, admission_, *metrics_}, std::move(settings));
  routes.push_back({"GET", "/metrics", flags_.open_metrics ? serve::Guard::kOpen : serve::Guard::kKey,
                    [this](const serve::HttpRequest&, const std::shared_ptr<serve::Reply>& reply) {
                      pool_.post([this, reply] {
                        reply->send(200, {{"Content-Type", "text/plain; version=0.0.4; charset=utf-8"}},
                                    metrics_->text());
                      });
                    }});
  for (const serve::Route& r : routes) QUIRE_CHECK(std::ranges::count(config.routes, r.path) > 0);
  return routes;
}

void ServedModel::settle_weights() {
  constexpr double kWorthKeeping = 0.3;  // seconds of a start
  const Launched& launched = started_.launched;
  if (!launched.blueprint->weight_cache) return;
  if (!launched.weights->from_cache() && launched.load_seconds < kWorthKeeping) return;
  settling_ = std::thread([this, &launched] {
    (void)setpriority(PRIO_PROCESS, static_cast<id_t>(gettid()), 19);  // of this thread; a wish
    const Status s = launched.weights->settle(*launched.blueprint->weight_cache, ends_);
    if (!s.ok() && !ends_) say("the weights are not kept for the next start: " + s.message());
  });
}

void ServedModel::watch(serve::Health& health) const {
  const Engine& engine = *started_.launched.engine;
  const int64_t patience = int64_t{flags_.watchdog_timeout} * 1'000'000'000;
  const auto stalled = [&engine, patience]() -> std::optional<std::string> {
    const EngineState s = engine.state();
    // A long step is no stall: what flies may take several times what it took so far.
    const double expected = s.prefill_rate > 0 ? 4e9 * static_cast<double>(s.flying) / s.prefill_rate : 0;
    const int64_t limit = patience + static_cast<int64_t>(std::min(expected, 3600e9));
    if (!s.stalled(steady_ns(), limit)) return std::nullopt;
    return "the engine has completed no step for " +
           std::to_string((steady_ns() - s.progress) / 1'000'000'000) + " seconds while work waits";
  };
  const int64_t most =
      flags_.admission.max_queued_requests == 0
          ? INT64_MAX
          : int64_t{flags_.admission.max_queued_requests} + flags_.engine.launch.max_num_seqs;
  health.watch(stalled, [this, most]() -> std::optional<std::string> {
    return admission_.counts().sequences < most ? std::nullopt
                                                : std::optional<std::string>("the queue of requests is full");
  });
}

}  // namespace quire
