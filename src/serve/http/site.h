// What all connections of a server share. Any thread may use it.
#pragma once
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "serve/http/api_keys.h"
#include "serve/http/limits.h"
#include "serve/http/origin_policy.h"
#include "serve/http/router.h"
#include "serve/http/tls.h"

namespace quire::serve {

struct Site {
  // Fixed from the start.
  HttpLimits limits;
  ApiKeys keys;
  OriginPolicy origins;
  TlsContext tls;  // null: plain
  // Why paths that are not known yet may be known later ("loading the model, 42 %"); nothing: they are
  // unknown.
  std::function<std::optional<std::string>()> not_ready;
  // For who counts answers; on I/O threads. `route`: Route::path, or "none" for one that no route gave;
  // status 499: the client went away before there was one; seconds since the head of the request was read.
  std::function<void(std::string_view route, std::string_view method, int status, double seconds)> on_answer;
  std::function<void()> on_quiet;  // refusing, and the last request that has a key guard has its answer

  std::atomic<bool> refusing{false};  // drain: no new requests but those that anybody may ask
  std::atomic<uint64_t> requests{0};  // gives them their ids
  std::atomic<size_t> body_bytes{0};  // of requests that have no answer yet
  std::atomic<int32_t> connections{0};

  std::shared_ptr<const Router> router() const {
    const std::lock_guard lock(mutex_);
    return router_;
  }
  void set_router(std::shared_ptr<const Router> router) {
    const std::lock_guard lock(mutex_);
    router_ = std::move(router);
  }

  // Of requests that keep the server from ending.
  void begin_request() { ++active_; }
  void end_request() {
    if (--active_ == 0 && refusing && on_quiet) on_quiet();
  }
  bool quiet() const { return active_ == 0; }

 private:
  mutable std::mutex mutex_;
  std::shared_ptr<const Router> router_ = std::make_shared<Router>(std::vector<Route>{});
  std::atomic<int32_t> active_{0};
};

}  // namespace quire::serve
