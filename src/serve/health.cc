#include "serve/health.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "serve/http/response.h"

namespace quire::serve {
namespace {

using Answer = std::optional<std::string>;

void tell(const Answer& problem, bool with_body, Reply& reply) {
  if (!problem) {
    if (with_body) reply.send(200, {{"Content-Type", "application/json"}}, R"({"status":"ok"})");
    else reply.send(200, {}, "");
    return;
  }
  reply.send(503, {{"Content-Type", "application/json"}}, error_body(503, *problem, error_type_of(503)));
}

}  // namespace

void Health::loading(double fraction) {
  percent_ = static_cast<int32_t>(std::clamp(fraction, 0.0, 1.0) * 100);
}
void Health::ready() { stage_ = Stage::kReady; }
void Health::draining() { stage_ = Stage::kDraining; }

void Health::watch(Question stalled, Question full) {
  const std::lock_guard lock(mutex_);
  stalled_ = std::move(stalled);
  full_ = std::move(full);
}

void Health::unwatch() { watch(nullptr, nullptr); }

Answer Health::not_ready() const {
  if (stage_ != Stage::kLoading) return std::nullopt;
  return "loading the model, " + std::to_string(percent_) + " %";
}

Answer Health::stalled() const {
  const std::lock_guard lock(mutex_);
  return stalled_ ? stalled_() : std::nullopt;
}

Answer Health::full() const {
  const std::lock_guard lock(mutex_);
  return full_ ? full_() : std::nullopt;
}

std::vector<Route> Health::routes() {
  const auto route = [](const char* path, bool with_body, std::function<Answer()> question) {
    return Route{
        "GET", path, Guard::kOpen,
        [with_body, question = std::move(question)](const HttpRequest&, const std::shared_ptr<Reply>& reply) {
          tell(question(), with_body, *reply);
        }};
  };
  const auto well = [this]() -> Answer {
    if (auto why = not_ready()) return why;
    return stalled();
  };
  return {route("/livez", true, [this] { return stalled(); }),
          route("/startupz", true, [this] { return not_ready(); }),
          route("/readyz", true,
                [this, well]() -> Answer {
                  if (stage_ == Stage::kDraining) return "the server is shutting down";
                  if (auto why = well()) return why;
                  return full();
                }),
          route("/health", false, well)};
}

}  // namespace quire::serve
