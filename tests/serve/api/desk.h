// The endpoints on an engine without a model, and a client without a socket.
#pragma once
#include <doctest/doctest.h>

#include <chrono>
#include <condition_variable>
#include <filesystem>
#include <fstream>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/json.h"
#include "serve/api/api.h"
#include "serve/api/switchboard.h"
#include "tests/cli/letters.h"
#include "tests/serve/api/script.h"

namespace quire::serve {

// Keeps what is sent. Thread-safe; wait() from the test.
class FakeReply : public Reply {
 public:
  void send(int status, std::vector<Header> headers, std::string body) override {
    std::lock_guard lock(mutex_);
    CHECK(!done_);
    status_ = status, headers_ = std::move(headers), body_ = std::move(body), done_ = true;
    change_.notify_all();
  }
  void begin_stream(int status, std::vector<Header> headers) override {
    std::lock_guard lock(mutex_);
    CHECK(!streams_);
    status_ = status, headers_ = std::move(headers), streams_ = true;
    change_.notify_all();
  }
  void write(std::string piece) override {
    std::lock_guard lock(mutex_);
    CHECK(streams_);
    CHECK(!done_);
    body_ += piece;
    change_.notify_all();
  }
  void end() override {
    std::lock_guard lock(mutex_);
    CHECK(streams_);
    done_ = true;
    change_.notify_all();
  }
  void on_gone(std::function<void()> call) override {
    {
      std::lock_guard lock(mutex_);
      if (!gone_) {
        on_gone_ = std::move(call);
        return;
      }
    }
    call();
  }
  bool gone() const override {
    std::lock_guard lock(mutex_);
    return gone_;
  }

  void leave() {
    std::function<void()> call;
    {
      std::lock_guard lock(mutex_);
      gone_ = true;
      call.swap(on_gone_);
    }
    if (call) call();
  }
  bool wait() {
    std::unique_lock lock(mutex_);
    return change_.wait_for(lock, std::chrono::seconds(20), [this] { return done_; });
  }
  bool wait_for_text(std::string_view text) {
    std::unique_lock lock(mutex_);
    return change_.wait_for(lock, std::chrono::seconds(20),
                            [&] { return body_.find(text) != std::string::npos; });
  }
  int status() const { return status_; }
  const std::string& body() const { return body_; }
  bool streams() const { return streams_; }
  const std::string* header(std::string_view name) const {
    for (const Header& h : headers_)
      if (h.name == name) return &h.value;
    return nullptr;
  }

 private:
  mutable std::mutex mutex_;
  std::condition_variable change_;
  int status_ = 0;
  std::vector<Header> headers_;
  std::string body_;
  bool streams_ = false, done_ = false, gone_ = false;
  std::function<void()> on_gone_;
};

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

class Desk {
 public:
  explicit Desk(ApiSettings settings = {}, const AdmissionLimits& limits = {}) : admission_(limits, 8, 0) {
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
        small_config(), std::make_unique<ScriptRunner>(gate_),
        [this](auto events, auto logprobs, const auto&) { board_.deliver(events, logprobs); });
    if (settings.names.empty()) settings.names = {"tiny", "other"};
    settings.root = "folder", settings.version = "9.9";
    settings.defaults.params.temperature = 0;
    settings.log = [this](std::string_view line) {
      std::lock_guard lock(mutex_);
      log_.emplace_back(line);
    };
    routes_ =
        api_routes({*engine_, board_, pool_, letters_, chat_, admission_, metrics_}, std::move(settings));
  }
  ~Desk() {
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
    FAIL("no such route");
    return reply;
  }
  std::shared_ptr<FakeReply> ask(std::string_view path, std::string body, std::vector<Header> more = {}) {
    more.push_back({"Content-Type", "application/json; charset=utf-8"});
    auto reply = begin("POST", path, std::move(body), std::move(more));
    REQUIRE(reply->wait());
    return reply;
  }
  Json json(const std::shared_ptr<FakeReply>& reply) {
    Result<Json> v = parse_json(reply->body());
    REQUIRE_MESSAGE(v.ok(), reply->body());
    return std::move(v).value();
  }
  // The data of a stream's events; the last is [DONE] and left out.
  std::vector<Json> events(const std::shared_ptr<FakeReply>& reply) {
    std::vector<Json> all;
    std::string_view rest = reply->body();
    while (!rest.empty()) {
      REQUIRE(rest.starts_with("data: "));
      const size_t end = rest.find("\n\n");
      REQUIRE(end != std::string_view::npos);
      const std::string_view data = rest.substr(6, end - 6);
      rest.remove_prefix(end + 2);
      if (data == "[DONE]") {
        CHECK(rest.empty());
        return all;
      }
      Result<Json> v = parse_json(data);
      REQUIRE(v.ok());
      all.push_back(std::move(v).value());
    }
    FAIL("no [DONE]");
    return all;
  }
  void wait_until_idle() {
    for (int i = 0; i < 2000 && board_.open() > 0; ++i)
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    CHECK(board_.open() == 0);
  }
  std::vector<std::string> log() {
    std::lock_guard lock(mutex_);
    return log_;
  }
  ScriptRunner::Gate& gate() { return gate_; }
  std::string metrics() { return metrics_.text(); }
  Admission& admission() { return admission_; }
  int32_t key = 0;

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

// A member by a path: "choices.0.text". Null if there is none.
inline const Json* at(const Json& v, std::string_view path) {
  const Json* here = &v;
  while (here && !path.empty()) {
    const size_t dot = path.find('.');
    const std::string_view step = path.substr(0, dot);
    path = dot == std::string_view::npos ? std::string_view() : path.substr(dot + 1);
    if (here->array()) {
      const size_t i = static_cast<size_t>(std::stoul(std::string(step)));
      here = i < here->array()->size() ? &(*here->array())[i] : nullptr;
    } else {
      here = here->find(step);
    }
  }
  return here;
}
inline std::string text_at(const Json& v, std::string_view path) {
  const Json* found = at(v, path);
  if (!found) return "(none)";
  if (found->string()) return *found->string();
  std::string text;
  append_json(*found, text);
  return text;
}

}  // namespace quire::serve
