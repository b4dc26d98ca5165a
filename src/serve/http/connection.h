// One connection: reads requests, has them answered one after the other, and writes the answers, each phase
// within its limit and its deadline. Everything happens on the thread of its IoThread. A client that closes
// its side for writing (half-close) counts as gone: an unfinished request is ended, an answer that is whole
// is still sent. This header brings Asio: for the .cc files of this folder only.
#pragma once
#include <array>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <cstdint>
#include <list>
#include <memory>
#include <optional>
#include <string>

#include "serve/http/gate.h"
#include "serve/http/outbox.h"
#include "serve/http/request_reader.h"
#include "serve/http/site.h"

namespace quire::serve {

class Connection : public std::enable_shared_from_this<Connection> {
 public:
  using Socket = boost::asio::generic::stream_protocol::socket;
  using Clock = std::chrono::steady_clock;

  // What the thread knows of its connections.
  struct Home {
    std::shared_ptr<boost::asio::io_context> context;
    Site& site;
    std::list<std::shared_ptr<Connection>> all;
    std::list<Connection*> waiting;  // for the head of a request; longest first
  };

  Connection(Home& home, Socket socket);
  ~Connection();

  void start();                          // once, when it is in home.all
  void close();                          // at once; an unfinished request is ended
  void drain();                          // ends after the request that it is at, if any
  void give_up(const std::string& why);  // see Outbox
  void flush();                          // there may be something to send

 private:
  enum class Phase : uint8_t { kHead, kIdle, kBody, kAnswer, kLinger };
  static constexpr Clock::time_point kNever = Clock::time_point::max();

  void handshake();
  void read_some();
  void on_read(size_t bytes);
  void on_end();   // the client closed its side
  void advance();  // reads what came as far as it goes
  void on_head();
  void on_body_bytes();
  void dispatch();
  void answer(int status, const std::string& message, std::vector<Header> headers, AnswerShape shape);
  void open_outbox(AnswerShape shape);
  void write_some();
  void on_written(size_t bytes);
  void end_exchange();
  void release_request();
  void linger();
  void wait_for_request(Phase phase);
  void stop_waiting();

  void set_deadline(Clock::time_point at);
  void arm_timer();
  void on_deadline();
  void answer_deadline();
  bool client_has_left() const;

  Home& home_;
  Site& site_;
  Socket socket_;
  std::optional<boost::asio::ssl::stream<Socket&>> tls_;
  boost::asio::steady_timer timer_;
  Clock::time_point deadline_ = kNever, timer_at_ = kNever,
                    since_;  // since_: when the phase, or a write, began
  std::list<std::shared_ptr<Connection>>::iterator place_;
  std::optional<std::list<Connection*>::iterator> waiting_;

  Phase phase_ = Phase::kHead;
  bool closed_ = false, reading_ = false, client_ended_ = false, draining_ = false;
  std::array<char, 8192> buffer_;
  std::string input_;  // came and was not consumed
  RequestReader reader_;
  Decision decision_;
  Clock::time_point asked_ = Clock::now();  // when the head was read
  size_t body_bytes_ = 0;                   // counted in site_.body_bytes
  bool counted_ = false;                    // in site_'s active requests

  std::shared_ptr<Outbox> outbox_;  // of the request that is being answered
  std::string sending_;
  size_t sent_ = 0;
  bool writing_ = false, interim_ = false, last_ = false;  // interim_: what is written is "100 Continue"
  friend class IoThread;
};

}  // namespace quire::serve
