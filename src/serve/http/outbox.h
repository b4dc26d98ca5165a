// The answer of one request between whoever makes it, on any thread, and the connection that sends it, on its
// I/O thread. It is bounded: an answer that nobody takes ends its request.
#pragma once
#include <atomic>
#include <cstddef>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "serve/http/exchange.h"

namespace quire::serve {

// What the request decides about the form of its answer.
struct AnswerShape {
  bool http_1_0 = false;
  bool without_body = false;    // HEAD
  bool keep_alive = true;       // the connection goes on after it
  std::vector<Header> headers;  // that every answer to it has: CORS, X-Request-Id
};

class Outbox : public std::enable_shared_from_this<Outbox> {
 public:
  // `unsent`: see HttpLimits. `wake` is called from any thread when there is something new for the
  // connection. `send_now`, if there is one, is called from any thread until the client is gone: it sends
  // what the socket takes at once and says how much. A piece of a stream with nothing before it goes out so,
  // and wakes nobody.
  using SendNow = std::function<size_t(std::string_view)>;
  Outbox(AnswerShape shape, size_t unsent, std::function<void()> wake, SendNow send_now = nullptr);

  // What the handler holds. Destroyed without an end, the answer is cut off.
  std::shared_ptr<Reply> reply();

  // For the connection, on its thread.
  // Bytes to send are appended to `to`. kLast: and with them the answer is whole; kCut: it never will be,
  // close.
  enum class Taken : uint8_t { kMore, kLast, kCut };
  Taken take(std::string& to);
  int status() const;       // 0: nobody has answered
  bool cut() const;         // the next take() would say kCut
  void sent(size_t bytes);  // of those taken
  bool keep_alive() const;  // after the last byte
  void close_after();       // this answer is the connection's last
  bool complete() const;    // whole, though perhaps not sent
  void client_gone();       // nothing more is kept; who asked to be told is told
  // The server's time is over: an unfinished answer gets a last event (of a stream of events), or is 503.
  void give_up(const std::string& why);

 private:
  friend class OutboxReply;
  void send(int status, const std::vector<Header>& headers, const std::string& body);
  void begin_stream(int status, const std::vector<Header>& headers);
  void write(const std::string& piece);
  void end();
  void abandon();
  void on_gone(std::function<void()> call);
  bool gone() const { return gone_; }

  void put_head(int status, const std::vector<Header>& headers, const Header& framing);
  void put_whole(int status, const std::vector<Header>& headers, const std::string& body);
  void put_end();
  void notify(std::unique_lock<std::mutex>& lock);

  mutable std::mutex mutex_;
  AnswerShape shape_;
  const size_t unsent_limit_;
  const std::function<void()> wake_;
  SendNow send_now_;
  std::string out_;       // not yet taken
  size_t in_flight_ = 0;  // taken, not yet sent
  int status_ = 0;
  bool begun_ = false, chunked_ = false, events_ = false, complete_ = false, cut_ = false, woken_ = false;
  std::atomic<bool> gone_{false};
  std::function<void()> on_gone_;
};

}  // namespace quire::serve
