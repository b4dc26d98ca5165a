#include "serve/http/connection.h"

#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <boost/asio/buffer.hpp>
#include <boost/asio/post.hpp>
#include <exception>
#include <utility>

#include "serve/http/response.h"

namespace quire::serve {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;

AnswerShape shape_of(const RequestHead& head, const Decision& d) {
  return {.http_1_0 = head.http_1_0,
          .without_body = head.method == "HEAD",
          .keep_alive = head.keep_alive && !d.close,
          .headers = d.always};
}

}  // namespace

Connection::Connection(Home& home, Socket socket)
    : home_(home),
      site_(home.site),
      socket_(std::move(socket)),
      timer_(*home.context),
      since_(Clock::now()),
      reader_(home.site.limits) {
  ++site_.connections;
}

Connection::~Connection() { --site_.connections; }

void Connection::start() {
  wait_for_request(Phase::kHead);
  if (site_.tls) handshake();
  else read_some();
}

void Connection::handshake() {
  tls_.emplace(socket_, *site_.tls);
  tls_->async_handshake(asio::ssl::stream_base::server, [self = shared_from_this()](error_code error) {
    if (self->closed_) return;
    if (error) self->close();
    else self->read_some();
  });
}

// ---- Reading ----

void Connection::read_some() {
  if (closed_ || reading_ || client_ended_) return;
  if (phase_ == Phase::kAnswer && input_.size() >= site_.limits.read_ahead) {
    set_deadline(
        std::min(deadline_, Clock::now() + std::chrono::seconds(1)));  // looks whether it is still there
    return;
  }
  reading_ = true;
  const auto done = [self = shared_from_this()](error_code error, size_t bytes) {
    self->reading_ = false;
    if (self->closed_) return;
    if (error) self->on_end();
    else self->on_read(bytes);
  };
  if (tls_) tls_->async_read_some(asio::buffer(buffer_), done);
  else socket_.async_read_some(asio::buffer(buffer_), done);
}

void Connection::on_read(size_t bytes) {
  if (phase_ != Phase::kLinger) {  // there, all is thrown away
    input_.append(buffer_.data(), bytes);
    if (phase_ == Phase::kIdle) wait_for_request(Phase::kHead);
    advance();
  }
  read_some();
}

void Connection::on_end() {
  client_ended_ = true;
  if (phase_ != Phase::kAnswer || !outbox_->complete()) close();
}

void Connection::advance() {
  while (!closed_ && !outbox_ && phase_ != Phase::kLinger) {
    input_.erase(0, reader_.feed(input_));
    switch (reader_.state()) {
      case RequestReader::State::kHead:
        return;
      case RequestReader::State::kHeadRead:
        on_head();
        break;
      case RequestReader::State::kBody:
        on_body_bytes();
        if (!outbox_) return;
        break;
      case RequestReader::State::kDone:
        on_body_bytes();
        if (!outbox_) dispatch();
        break;
      case RequestReader::State::kRefused: {
        const HttpRefusal refusal = reader_.refusal();
        answer(refusal.status, refusal.message, {}, {.keep_alive = false, .headers = decision_.always});
        break;
      }
    }
  }
}

void Connection::on_head() {
  stop_waiting();
  asked_ = Clock::now();
  const RequestHead& head = reader_.head();
  // Counted before it is decided: whoever drains sees it, or else it sees the drain.
  site_.begin_request();
  decision_ = decide(head, site_);
  counted_ = decision_.status == 0 && decision_.route->guard == Guard::kKey;
  if (!counted_) site_.end_request();
  if (decision_.status != 0) {
    AnswerShape shape = shape_of(head, decision_);
    if (head.has_body) shape.keep_alive = false;  // which nobody wants to read
    answer(decision_.status, decision_.message, decision_.headers, std::move(shape));
    return;
  }
  if (head.has_body) {
    phase_ = Phase::kBody;
    since_ = Clock::now();
    set_deadline(since_ + site_.limits.body_read);
    if (head.expects_continue && input_.empty() && !writing_) {
      sending_ = "HTTP/1.1 100 Continue\r\n\r\n";
      interim_ = true;
      write_some();
    }
  }
  reader_.read_body();
}

void Connection::on_body_bytes() {
  const size_t now = reader_.body().size();
  const size_t all = site_.body_bytes += now - body_bytes_;
  body_bytes_ = now;
  if (all > site_.limits.bodies) {
    answer(503, "the server holds as many unanswered requests as it may; try again.", {{"Retry-After", "1"}},
           {.http_1_0 = reader_.head().http_1_0, .keep_alive = false, .headers = decision_.always});
    return;
  }
  if (phase_ == Phase::kBody)
    set_deadline(since_ + site_.limits.body_read +
                 std::chrono::milliseconds(reader_.body_bytes() * 1000 / site_.limits.body_rate));
}

// ---- Answering ----

void Connection::open_outbox(AnswerShape shape) {
  stop_waiting();
  phase_ = Phase::kAnswer;
  set_deadline(kNever);
  if (draining_) shape.keep_alive = false;
  const auto wake = [context = home_.context, weak = weak_from_this()] {
    asio::post(*context, [weak] {
      if (const auto self = weak.lock()) self->flush();
    });
  };
  Outbox::SendNow send_now;
  if (!tls_)  // the socket is closed after client_gone(), or after the answer's end
    send_now = [fd = socket_.native_handle()](std::string_view bytes) {
      const ssize_t n = ::send(fd, bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
      return n > 0 ? static_cast<size_t>(n) : 0;  // an error is the connection's to find
    };
  outbox_ = std::make_shared<Outbox>(std::move(shape), site_.limits.unsent, wake, std::move(send_now));
}

void Connection::answer(int status, const std::string& message, std::vector<Header> headers,
                        AnswerShape shape) {
  open_outbox(std::move(shape));
  std::string body;
  if (status != 204) {
    headers.push_back({"Content-Type", "application/json"});
    body = error_body(status, message, error_type_of(status));
  }
  outbox_->reply()->send(status, std::move(headers), std::move(body));
}

void Connection::dispatch() {
  RequestHead& head = reader_.head();
  open_outbox(shape_of(head, decision_));
  HttpRequest request{.id = ++site_.requests,
                      .method = head.method,
                      .path = std::move(decision_.path),
                      .query = std::move(decision_.query),
                      .headers = std::move(head.headers),
                      .body = std::move(reader_.body()),
                      .key = decision_.key};
  const std::shared_ptr<Reply> reply = outbox_->reply();
  try {
    decision_.route->handler(std::move(request), reply);
  } catch (const std::exception&) {  // no memory, say; others go on
    reply->send(500, {{"Content-Type", "application/json"}},
                error_body(500, "the server could not take this request.", error_type_of(500)));
  }
}

void Connection::flush() {
  if (closed_ || !outbox_ || phase_ != Phase::kAnswer) return;
  if (writing_) {  // goes on when that is out, unless it will never be
    if (outbox_->cut()) close();
    return;
  }
  switch (outbox_->take(sending_)) {
    case Outbox::Taken::kCut:
      close();
      return;
    case Outbox::Taken::kLast:
      last_ = true;
      break;
    case Outbox::Taken::kMore:
      break;
  }
  if (!sending_.empty()) write_some();
  else if (last_) end_exchange();
}

void Connection::write_some() {
  writing_ = true;
  if (phase_ == Phase::kAnswer) {
    since_ = Clock::now();
    set_deadline(since_ + site_.limits.write_stall);
  }
  const auto bytes = asio::buffer(sending_.data() + sent_, sending_.size() - sent_);
  const auto done = [self = shared_from_this()](error_code error, size_t n) {
    if (self->closed_) return;
    if (error) self->close();
    else self->on_written(n);
  };
  if (tls_) tls_->async_write_some(bytes, done);
  else socket_.async_write_some(bytes, done);
}

void Connection::on_written(size_t bytes) {
  sent_ += bytes;
  if (outbox_ && !interim_) outbox_->sent(bytes);
  if (sent_ < sending_.size()) return write_some();
  writing_ = interim_ = false;
  sent_ = 0;
  if (sending_.capacity() > (64 << 10)) sending_ = {};
  else sending_.clear();
  if (last_) return end_exchange();
  if (phase_ == Phase::kAnswer) {
    set_deadline(kNever);
    flush();
    read_some();
  }
}

void Connection::release_request() {
  if (outbox_ && site_.on_answer) {
    const int status = outbox_->status();
    site_.on_answer(decision_.route ? std::string_view(decision_.route->path) : "none", reader_.head().method,
                    status == 0 ? 499 : status, std::chrono::duration<double>(Clock::now() - asked_).count());
  }
  site_.body_bytes -= std::exchange(body_bytes_, 0);
  outbox_.reset();
  if (std::exchange(counted_, false)) site_.end_request();
}

void Connection::end_exchange() {
  last_ = false;
  const bool go_on = outbox_->keep_alive() && !client_ended_ && !draining_;
  const auto self = shared_from_this();  // release_request() may be the end of the server
  if (!go_on) {
    linger();
    release_request();
    return;
  }
  release_request();
  reader_.read_body();  // of a refused request without one
  reader_.next();
  decision_ = {};
  wait_for_request(input_.empty() ? Phase::kIdle : Phase::kHead);
  advance();
  read_some();
}

// ---- Ending ----

// The answer is out. A close with unread bytes would take it away from the client again (RST), so they are
// read.
void Connection::linger() {
  phase_ = Phase::kLinger;
  set_deadline(Clock::now() + site_.limits.linger);
  if (client_ended_) return close();
  if (tls_) {
    tls_->async_shutdown([self = shared_from_this()](error_code) { self->close(); });
    return;
  }
  error_code ignored;
  socket_.shutdown(Socket::shutdown_send, ignored);
  read_some();
}

void Connection::close() {
  if (std::exchange(closed_, true)) return;
  const auto self = shared_from_this();
  stop_waiting();
  timer_.cancel();
  if (outbox_) outbox_->client_gone();
  error_code ignored;
  socket_.close(ignored);
  release_request();
  home_.all.erase(place_);
}

void Connection::drain() {
  draining_ = true;
  if (outbox_) outbox_->close_after();
  else if (input_.empty() && reader_.state() == RequestReader::State::kHead) linger();
}

void Connection::give_up(const std::string& why) {
  if (outbox_) outbox_->give_up(why);
  else close();
}

// ---- Deadlines ----

void Connection::wait_for_request(Phase phase) {
  if (phase_ != phase || !waiting_) since_ = Clock::now();
  phase_ = phase;
  set_deadline(since_ + (phase == Phase::kIdle ? site_.limits.idle : site_.limits.head_read));
  if (!waiting_) waiting_ = home_.waiting.insert(home_.waiting.end(), this);
}

void Connection::stop_waiting() {
  if (waiting_) home_.waiting.erase(*waiting_);
  waiting_.reset();
}

// The timer is set anew only if it would come too late; one that comes too early looks at the deadline again.
// So a deadline that moves with each token costs nothing.
void Connection::set_deadline(Clock::time_point at) {
  deadline_ = at;
  if (at < timer_at_) arm_timer();
}

void Connection::arm_timer() {
  timer_at_ = deadline_;
  if (deadline_ == kNever) return;
  timer_.expires_at(deadline_);
  timer_.async_wait([self = shared_from_this()](error_code error) {
    if (error || self->closed_) return;
    if (Clock::now() >= self->deadline_) self->on_deadline();
    if (!self->closed_) self->arm_timer();
  });
}

void Connection::on_deadline() {
  switch (phase_) {
    case Phase::kAnswer:
      return answer_deadline();
    case Phase::kIdle:
    case Phase::kLinger:
      return close();
    case Phase::kHead:
      if (input_.empty()) return close();
      [[fallthrough]];
    case Phase::kBody:
      deadline_ = kNever;
      answer(408, "the request did not arrive in time.", {},
             {.keep_alive = false, .headers = decision_.always});
  }
}

void Connection::answer_deadline() {
  const auto now = Clock::now(), stalled = writing_ ? since_ + site_.limits.write_stall : kNever;
  if (now >= stalled || client_has_left()) return close();
  deadline_ = std::min(stalled, reading_ || client_ended_ ? kNever : now + std::chrono::seconds(1));
}

// Asked only while nothing is read, when its end would not be seen.
bool Connection::client_has_left() const {
  pollfd p{const_cast<Socket&>(socket_).native_handle(), POLLRDHUP, 0};
  return !reading_ && poll(&p, 1, 0) > 0 && (p.revents & (POLLRDHUP | POLLHUP | POLLERR)) != 0;
}

}  // namespace quire::serve
