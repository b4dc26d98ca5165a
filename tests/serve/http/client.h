// A client that sends exactly the bytes it is told to, and a server that answers in known ways.
#pragma once
#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstring>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "serve/http/head_check.h"
#include "serve/http/server.h"

namespace quire::serve {

using std::chrono::milliseconds;

struct Answer {
  int status = 0;  // 0: none came
  std::vector<Header> headers;
  std::string body;    // without chunk lines
  bool whole = false;  // by its length, its last chunk or the end of the connection
  std::string header(std::string_view name) const {
    for (const Header& h : headers)
      if (equal_ignoring_case(h.name, name)) return h.value;
    return "";
  }
};

class Client {
 public:
  explicit Client(int32_t port) : fd_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in a{};
    a.sin_family = AF_INET;
    a.sin_port = htons(static_cast<uint16_t>(port));
    a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    QUIRE_CHECK(connect(fd_, reinterpret_cast<sockaddr*>(&a), sizeof a) == 0);
  }
  explicit Client(const std::string& path) : fd_(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_un a{};
    a.sun_family = AF_UNIX;
    std::memcpy(a.sun_path, path.data(), path.size());
    QUIRE_CHECK(connect(fd_, reinterpret_cast<sockaddr*>(&a), sizeof a) == 0);
  }
  ~Client() { close(); }
  Client(const Client&) = delete;

  int fd() const { return fd_; }
  void close() {
    if (fd_ >= 0) ::close(fd_);
    fd_ = -1;
  }
  void reset() {  // an abrupt end: RST
    const linger l{1, 0};
    setsockopt(fd_, SOL_SOCKET, SO_LINGER, &l, sizeof l);
    close();
  }
  void half_close() { shutdown(fd_, SHUT_WR); }

  // As much as the server takes within `patience`; false: it has closed, or takes no more.
  bool send(std::string_view bytes, milliseconds patience = milliseconds(5000)) {
    while (!bytes.empty()) {
      pollfd p{fd_, POLLOUT, 0};
      if (poll(&p, 1, static_cast<int>(patience.count())) <= 0) return false;
      const ssize_t n = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
      if (n <= 0) return false;
      bytes.remove_prefix(static_cast<size_t>(n));
    }
    return true;
  }
  // How long receive() and answer() wait for each piece, if they are not told.
  void wait_at_most(milliseconds patience) { patience_ = patience; }
  // One more piece; false: nothing came within `patience`, or the connection is closed (then ended()).
  bool receive() { return receive(patience_); }
  bool receive(milliseconds patience) {
    pollfd p{fd_, POLLIN, 0};
    if (poll(&p, 1, static_cast<int>(patience.count())) <= 0) return false;
    char buffer[65536];
    const ssize_t n = recv(fd_, buffer, sizeof buffer, 0);
    if (n <= 0) return ended_ = true, false;
    pending_.append(buffer, static_cast<size_t>(n));
    return true;
  }
  bool ended() const { return ended_; }
  // Whether the server closes the connection within `patience`, whatever it still sends.
  bool closed_by_server(milliseconds patience = milliseconds(5000)) {
    while (receive(patience)) {}
    return ended_;
  }
  std::string& pending() { return pending_; }

  Answer answer(bool to_head = false) {
    Answer a;
    size_t end = 0;
    while ((end = pending_.find("\r\n\r\n")) == std::string::npos)
      if (!receive()) return a;
    std::string head = pending_.substr(0, end + 2);
    pending_.erase(0, end + 4);
    a.status = std::atoi(head.c_str() + 9);
    for (size_t at = head.find("\r\n") + 2; at < head.size();) {
      const size_t line_end = head.find("\r\n", at), colon = head.find(':', at);
      a.headers.push_back({head.substr(at, colon - at), head.substr(colon + 2, line_end - colon - 2)});
      at = line_end + 2;
    }
    if (a.status == 100) return a;
    if (to_head || a.status == 204) {
      a.whole = true;
    } else if (a.header("Transfer-Encoding") == "chunked") {
      a.whole = read_chunks(a.body);
    } else if (const std::string length = a.header("Content-Length"); !length.empty()) {
      const size_t n = static_cast<size_t>(std::atoll(length.c_str()));
      while (pending_.size() < n && receive()) {}
      a.whole = pending_.size() >= n;
      a.body = pending_.substr(0, n);
      pending_.erase(0, n);
    } else {
      while (receive()) {}
      a.whole = ended_;
      a.body = std::exchange(pending_, "");
    }
    return a;
  }
  Answer ask(std::string_view bytes) {
    send(bytes);
    return answer();
  }

 private:
  bool read_chunks(std::string& body) {
    for (;;) {
      size_t line = 0;
      while ((line = pending_.find("\r\n")) == std::string::npos)
        if (!receive()) return false;
      const size_t n = std::stoul(pending_.substr(0, line), nullptr, 16);
      while (pending_.size() < line + 2 + n + 2)
        if (!receive()) return false;
      body += pending_.substr(line + 2, n);
      pending_.erase(0, line + 2 + n + 2);
      if (n == 0) return true;
    }
  }

  int fd_;
  bool ended_ = false;
  milliseconds patience_{5000};
  std::string pending_;
};

// "POST /echo HTTP/1.1", Host and a length.
inline std::string post(std::string_view path, std::string_view body, std::string_view headers = "") {
  return "POST " + std::string(path) + " HTTP/1.1\r\nHost: localhost\r\n" + std::string(headers) +
         "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + std::string(body);
}
inline std::string get(std::string_view path, std::string_view headers = "") {
  return "GET " + std::string(path) + " HTTP/1.1\r\nHost: localhost\r\n" + std::string(headers) + "\r\n";
}

inline bool eventually(const std::function<bool()>& what, milliseconds patience = milliseconds(5000)) {
  const auto end = std::chrono::steady_clock::now() + patience;
  while (!what()) {
    if (std::chrono::steady_clock::now() > end) return false;
    std::this_thread::sleep_for(milliseconds(2));
  }
  return true;
}

// /livez (open), /echo (the body), /hold (no answer until the test gives one), /models/{id} (the path it
// got).
class TestServer {
 public:
  explicit TestServer(ServerOptions options = {}) {
    options.port = 0;
    Result<std::unique_ptr<Server>> started = Server::start(std::move(options), routes());
    if (!started.ok()) std::fprintf(stderr, "%s\n", started.status().message().c_str());
    QUIRE_CHECK(started.ok());
    server_ = std::move(started).value();
  }
  ~TestServer() { server_.reset(); }
  Server& server() { return *server_; }
  int32_t port() const { return server_->port(); }

  std::vector<Route> routes() {
    const auto text = [](HttpRequest r, const std::shared_ptr<Reply>& reply) {
      reply->send(200, {{"Content-Type", "text/plain"}}, r.body.empty() ? r.path + '?' + r.query : r.body);
    };
    return {{"GET", "/livez", Guard::kOpen, text},
            {"POST", "/echo", Guard::kKey, text},
            {"GET", "/echo", Guard::kKey, text},
            {"GET", "/key", Guard::kKey,
             [](HttpRequest r, const std::shared_ptr<Reply>& reply) {
               reply->send(200, {}, std::to_string(r.key));
             }},
            {"GET", "/models", Guard::kKey, text},
            {"GET", "/models/{id}", Guard::kKey, text},
            {"GET", "/headers", Guard::kKey,
             [](HttpRequest r, const std::shared_ptr<Reply>& reply) {
               std::string all;
               for (const Header& h : r.headers) all += h.name + '=' + h.value + '\n';
               reply->send(200, {}, all);
             }},
            {"POST", "/hold", Guard::kKey, [this](HttpRequest, std::shared_ptr<Reply> reply) {
               reply->on_gone([this] { ++gone; });
               const std::lock_guard lock(mutex_);
               held_.push_back(std::move(reply));
             }}};
  }
  // Waits for a request that /hold has taken, and takes the oldest.
  std::shared_ptr<Reply> held() {
    QUIRE_CHECK(eventually([&] {
      const std::lock_guard lock(mutex_);
      return !held_.empty();
    }));
    const std::lock_guard lock(mutex_);
    auto first = held_.front();
    held_.erase(held_.begin());
    return first;
  }
  bool any_held() {
    const std::lock_guard lock(mutex_);
    return !held_.empty();
  }
  std::atomic<int> gone{0};

 private:
  std::mutex mutex_;
  std::vector<std::shared_ptr<Reply>> held_;
  std::unique_ptr<Server> server_;
};

}  // namespace quire::serve
