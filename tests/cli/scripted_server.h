// A small OpenAI server for tests of the client: its answers are a script, its tokens come at a given pace.
#pragma once
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "base/json.h"
#include "base/status.h"

namespace quire {

class ScriptedServer {
 public:
  struct Script {
    int tokens = 0;  // 0: as many as the request asks for
    std::chrono::microseconds first{0}, between{0};
    bool usage = true, close = false, cut = false;  // close: after each answer; cut: no [DONE]
    int status = 200;
    std::string body{};  // with another status
  };
  using Choose = std::function<Script(int request)>;  // requests are counted from 0

  explicit ScriptedServer(Choose choose) : choose_(std::move(choose)) {
    listener_ = socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof at;
    QUIRE_CHECK(bind(listener_, reinterpret_cast<sockaddr*>(&at), size) == 0 && listen(listener_, 512) == 0);
    QUIRE_CHECK(getsockname(listener_, reinterpret_cast<sockaddr*>(&at), &size) == 0);
    port = ntohs(at.sin_port);
    acceptor_ = std::thread([this] { accept_all(); });
  }
  ~ScriptedServer() {
    shutdown(listener_, SHUT_RDWR);
    acceptor_.join();
    std::vector<std::thread> threads;
    {
      std::lock_guard lock(mutex_);
      threads.swap(threads_);
      for (const int fd : open_) shutdown(fd, SHUT_RDWR);
    }
    for (auto& t : threads) t.join();
    close(listener_);
  }

  std::vector<std::string> bodies() {
    std::lock_guard lock(mutex_);
    return bodies_;
  }
  std::vector<std::string> heads() {
    std::lock_guard lock(mutex_);
    return heads_;
  }
  int port = 0;
  std::atomic<int> most_open{0}, connections{0};

 private:
  void accept_all() {
    for (;;) {
      const int fd = accept(listener_, nullptr, nullptr);
      if (fd < 0) return;
      ++connections;
      std::lock_guard lock(mutex_);
      open_.push_back(fd);
      threads_.emplace_back([this, fd] { serve(fd); });
    }
  }
  static bool send_all(int fd, std::string_view text) {
    while (!text.empty()) {
      const ssize_t n = send(fd, text.data(), text.size(), MSG_NOSIGNAL);
      if (n <= 0) return false;
      text.remove_prefix(static_cast<size_t>(n));
    }
    return true;
  }
  static bool chunk(int fd, const std::string& text) {
    char size[20];
    std::snprintf(size, sizeof size, "%zx\r\n", text.size());
    return send_all(fd, size + text + "\r\n");
  }
  void serve(int fd) {
    std::string in;
    while (one(fd, in)) {}
    {
      std::lock_guard lock(mutex_);
      std::erase(open_, fd);
    }
    close(fd);
  }
  bool one(int fd, std::string& in) {
    const auto more = [&] {
      char part[65536];
      const ssize_t n = recv(fd, part, sizeof part, 0);
      if (n > 0) in.append(part, static_cast<size_t>(n));
      return n > 0;
    };
    size_t end = 0;
    while ((end = in.find("\r\n\r\n")) == std::string::npos)
      if (!more()) return false;
    const std::string head = in.substr(0, end + 4);
    const size_t at = head.find("Content-Length: ");
    const size_t length = at == std::string::npos ? 0 : std::stoul(head.substr(at + 16));
    while (in.size() < head.size() + length)
      if (!more()) return false;
    const std::string body = in.substr(head.size(), length);
    in.erase(0, head.size() + length);
    if (head.starts_with("GET /v1/models "))
      return whole(fd, 200, R"({"object":"list","data":[{"id":"scripted"}]})");
    if (!head.starts_with("POST ")) return whole(fd, 404, R"({"error":{"message":"no such route"}})");
    Script script;
    {
      std::lock_guard lock(mutex_);
      script = choose_(static_cast<int>(bodies_.size()));
      bodies_.push_back(body);
      heads_.push_back(head);
    }
    const int open = ++now_;
    if (open > most_open) most_open = open;
    const bool go_on =
        script.status == 200 ? stream(fd, script, body) : whole(fd, script.status, script.body);
    --now_;
    return go_on && !script.close;
  }
  static bool whole(int fd, int status, const std::string& body) {
    return send_all(fd, "HTTP/1.1 " + std::to_string(status) +
                            " X\r\nContent-Type: application/json\r\nContent-Length: " +
                            std::to_string(body.size()) + "\r\n\r\n" + body);
  }
  static bool stream(int fd, const Script& s, const std::string& body) {
    const Json json = parse_json(body).value();
    const bool chat = json.find("messages") != nullptr;
    const Json* most = json.find(chat ? "max_completion_tokens" : "max_tokens");
    const int tokens = s.tokens > 0 ? s.tokens : static_cast<int>(most->integer().value());
    std::string head = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n";
    if (s.close) head += "Connection: close\r\n";
    if (!send_all(fd, head + "\r\n")) return false;
    if (chat &&
        !chunk(fd,
               "data: {\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\",\"content\":\"\"}}]}\n\n"))
      return false;
    for (int i = 0; i < tokens; ++i) {
      std::this_thread::sleep_for(i == 0 ? s.first : s.between);
      const std::string text = chat ? "\"delta\":{\"content\":\" t" + std::to_string(i) + "\"}"
                                    : "\"text\":\" t" + std::to_string(i) + "\"";
      if (!chunk(fd,
                 "data: {\"id\":\"x\",\"choices\":[{\"index\":0," + text + ",\"finish_reason\":null}]}\n\n"))
        return false;
    }
    std::string last;
    if (s.usage)
      last = "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":11,\"completion_tokens\":" +
             std::to_string(tokens) + "}}\n\n";
    if (!s.cut) last += "data: [DONE]\n\n";
    return (last.empty() || chunk(fd, last)) && send_all(fd, "0\r\n\r\n");
  }

  Choose choose_;
  int listener_ = -1;
  std::thread acceptor_;
  std::mutex mutex_;  // guards the four below
  std::vector<std::thread> threads_;
  std::vector<int> open_;
  std::vector<std::string> bodies_, heads_;
  std::atomic<int> now_{0};
};

}  // namespace quire
