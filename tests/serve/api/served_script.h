// The endpoints on an engine without a model.
#pragma once
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "serve/api/api.h"
#include "serve/api/switchboard.h"
#include "tests/cli/letters.h"
#include "tests/serve/api/fake_reply.h"
#include "tests/serve/api/script.h"

namespace quire::serve {

inline SchedulerConfig small_config() {
  SchedulerConfig c;
  c.max_seqs = 8;
  c.max_step_tokens = 64;
  c.eos = {0};
  c.limits.vocab = 140;
  c.limits.max_model_len = 200;
  c.kv.num_blocks = 200, c.kv.block_size = 4;
  return c;
}

class ServedScript {
 public:
  explicit ServedScript(ApiSettings settings = {}, const AdmissionLimits& limits = {},
                        const SchedulerConfig& config = small_config())
      : admission_(limits, 8, 0) {
    const std::string file =
        (std::filesystem::temp_directory_path() / ("quire_desk_" + std::to_string(getpid()) + ".jinja"))
            .string();
    std::ofstream(file)
        << "{% for m in messages %}<{{ m.role }}>{{ m.content }}{% for c in m.tool_calls %}"
           "{{ c.function.name }}({{ c.function.arguments.x }}){% endfor %}{{ '\\n' }}{% endfor %}"
           "{% if tools %}T{{ tools | length }}{% endif %}{{ mood }}{{ reasoning_effort }}"
           "{% if add_generation_prompt %}<a>{% endif %}";
    chat_ = load_chat(".", file, false).value();
    std::filesystem::remove(file);
    engine_ = std::make_unique<Engine>(
        config, std::make_unique<ScriptRunner>(gate_),
        [this](auto events, auto logprobs, const auto&) { board_.deliver(events, logprobs); });
    if (settings.names.empty()) settings.names = {"tiny", "other"};
    settings.root = "folder", settings.version = "9.9";
    settings.defaults.params.temperature = 0;
    settings.log = [this](std::string_view line) {
      std::lock_guard lock(mutex_);
      if (!quiet) log_.emplace_back(line);
    };
    routes_ =
        api_routes({*engine_, board_, pool_, letters_, chat_, admission_, metrics_}, std::move(settings));
  }
  ~ServedScript() {
    gate_.release();
    routes_.clear();
    pool_.stop();
  }

  std::shared_ptr<FakeReply> begin(std::string_view method, std::string_view path, std::string body,
                                   std::vector<Header> headers = {{"Content-Type", "application/json"}}) {
    auto reply = std::make_shared<FakeReply>();
    HttpRequest request;
    request.id = 7;
    request.method = method, request.path = path, request.body = std::move(body);
    request.headers = std::move(headers);
    request.key = key;
    for (const Route& r : routes_) {
      const size_t name = r.path.find('{');
      const bool fits = name == std::string::npos ? r.path == path : path.starts_with(r.path.substr(0, name));
      if (r.method != method || !fits) continue;
      r.handler(std::move(request), reply);
      return reply;
    }
    QUIRE_CHECK(false);  // no such route
    return reply;
  }
  std::vector<std::string> log() {
    std::lock_guard lock(mutex_);
    return log_;
  }
  ScriptRunner::Gate& gate() { return gate_; }
  std::string metrics() { return metrics_.text(); }
  Admission& admission() { return admission_; }
  const std::vector<Route>& routes() const { return routes_; }
  Switchboard& board() { return board_; }
  bool quiet = false;  // keeps no log
  int32_t key = 0;     // of the requests that follow

 private:
  std::mutex mutex_;
  std::vector<std::string> log_;
  ScriptRunner::Gate gate_;
  Admission admission_;
  Metrics metrics_{MetricsConfig{.model_name = "tiny", .max_model_len = 200, .block_size = 4},
                   [this] { return engine_->state(); }, [this] { return admission_.counts(); }, steady_ns};
  Letters letters_;
  ChatOptions chat_;
  TextPool pool_{2};
  Switchboard board_;
  std::unique_ptr<Engine> engine_;
  std::vector<Route> routes_;
};

}  // namespace quire::serve
