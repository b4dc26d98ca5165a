#include "cli/serve/serve_command.h"

#include <sys/resource.h>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <latch>
#include <utility>

#include "base/utf8.h"
#include "cli/interrupt.h"
#include "cli/serve/served_model.h"

namespace quire {
namespace {

// Each connection is a file.
void allow_many_files() {
  rlimit files{};
  if (getrlimit(RLIMIT_NOFILE, &files) != 0 || files.rlim_cur == files.rlim_max) return;
  files.rlim_cur = files.rlim_max;
  (void)setrlimit(RLIMIT_NOFILE, &files);
}

std::optional<std::string> misuse(const ServeFlags& f) {
  for (const std::string& name : f.served_model_name)
    if (name.empty() || name.size() > 256 || !is_utf8(name))
      return "--served-model-name must be UTF-8 of 1 to 256 bytes.";
  if (Status s = serve::check_metrics_prefix(f.metrics_prefix); !s.ok()) return s.message();
  return std::nullopt;
}

}  // namespace

int run_serve(const Command& command, std::span<const std::string> arguments) {
  const auto begin = std::chrono::steady_clock::now();
  ServeFlags flags;
  Given given;
  if (auto over =
          read_command_line(command, serve_settings(flags), arguments, flags.engine.launch.folder, given))
    return *over;
  if (auto what = misuse(flags)) return wrong_use(command, *what);
  Result<serve::ServerOptions> options = server_options(flags);
  if (!options.ok()) return wrong_use(command, options.status().message());
  allow_many_files();

  Interrupt interrupt;  // before any other thread
  serve::Health health;
  std::unique_ptr<ServedModel> model;
  std::atomic<serve::Metrics*> metrics{nullptr};
  options.value().not_ready = [&health] { return health.not_ready(); };
  options.value().on_answer = [&metrics](std::string_view route, std::string_view method, int status,
                                         double seconds) {
    if (serve::Metrics* m = metrics) m->http(route, method, status, seconds);
  };
  Result<std::unique_ptr<serve::Server>> started =
      serve::Server::start(std::move(options).value(), health.routes());
  if (!started.ok()) return wrong_use(command, started.status().message());
  std::unique_ptr<serve::Server> server = std::move(started).value();

  Result<std::unique_ptr<ServedModel>> loaded = ServedModel::load(flags, health);
  if (!loaded.ok()) return refused(loaded.status());
  model = std::move(loaded).value();
  std::vector<serve::Route> routes = model->routes(), probes = health.routes();
  routes.insert(routes.end(), probes.begin(), probes.end());
  metrics = &model->metrics();
  model->watch(health);
  server->set_routes(std::move(routes));
  health.ready();

  std::latch drained(1);
  interrupt.arm([&] {
    health.draining();
    say("shutting down; a second signal ends it at once.");
    server->drain({.grace = std::chrono::seconds(flags.drain_grace),
                   .limit = std::chrono::seconds(flags.shutdown_timeout)},
                  [&drained](bool all_done) {
                    if (!all_done) say("requests that took longer than --shutdown-timeout were ended.");
                    drained.count_down();
                  });
  });
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  std::printf("Serving on %s, ready after %.2f s.\n", server->url().c_str(), seconds);
  std::fflush(stdout);
  model->settle_weights();

  drained.wait();
  server.reset();
  health.unwatch();
  return kAllWell;
}

}  // namespace quire
