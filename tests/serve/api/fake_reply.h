// A client without a socket.
#pragma once
#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "serve/http/exchange.h"

namespace quire::serve {

// Keeps what is sent. Thread-safe; wait() from the test.
class FakeReply : public Reply {
 public:
  void send(int status, std::vector<Header> headers, std::string body) override {
    std::lock_guard lock(mutex_);
    QUIRE_CHECK(!done_);
    status_ = status, headers_ = std::move(headers), body_ = std::move(body), done_ = true;
    change_.notify_all();
  }
  void begin_stream(int status, std::vector<Header> headers) override {
    std::lock_guard lock(mutex_);
    QUIRE_CHECK(!streams_);
    status_ = status, headers_ = std::move(headers), streams_ = true;
    change_.notify_all();
  }
  void write(std::string piece) override {
    std::lock_guard lock(mutex_);
    QUIRE_CHECK(streams_);
    QUIRE_CHECK(!done_);
    body_ += piece;
    change_.notify_all();
  }
  void end() override {
    std::lock_guard lock(mutex_);
    QUIRE_CHECK(streams_);
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

}  // namespace quire::serve
