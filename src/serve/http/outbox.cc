#include "serve/http/outbox.h"

#include <utility>

#include "serve/http/head_check.h"
#include "serve/http/response.h"

namespace quire::serve {

class OutboxReply final : public Reply {
 public:
  explicit OutboxReply(std::shared_ptr<Outbox> box) : box_(std::move(box)) {}
  ~OutboxReply() override { box_->abandon(); }
  void send(int status, std::vector<Header> headers, std::string body) override {
    box_->send(status, headers, body);
  }
  void begin_stream(int status, std::vector<Header> headers) override { box_->begin_stream(status, headers); }
  void write(std::string piece) override { box_->write(piece); }
  void end() override { box_->end(); }
  void on_gone(std::function<void()> call) override { box_->on_gone(std::move(call)); }
  bool gone() const override { return box_->gone(); }

 private:
  const std::shared_ptr<Outbox> box_;
};

Outbox::Outbox(AnswerShape shape, size_t unsent, std::function<void()> wake, SendNow send_now)
    : shape_(std::move(shape)),
      unsent_limit_(unsent),
      wake_(std::move(wake)),
      send_now_(std::move(send_now)) {}

std::shared_ptr<Reply> Outbox::reply() { return std::make_shared<OutboxReply>(shared_from_this()); }

void Outbox::notify(std::unique_lock<std::mutex>& lock) {
  // One wake for all that comes until the connection looks; a cut it must hear of while it writes.
  const bool first = !std::exchange(woken_, true) || cut_;
  lock.unlock();
  if (first) wake_();
}

void Outbox::put_head(int status, const std::vector<Header>& headers, const Header& framing) {
  begun_ = true;
  status_ = status;
  std::vector<Header> all = headers;
  all.insert(all.end(), shape_.headers.begin(), shape_.headers.end());
  all.push_back({"X-Content-Type-Options", "nosniff"});
  if (!framing.name.empty()) all.push_back(framing);
  if (!shape_.keep_alive) all.push_back({"Connection", "close"});
  else if (shape_.http_1_0) all.push_back({"Connection", "keep-alive"});
  out_ += response_head(status, all) + "\r\n";
}

void Outbox::put_whole(int status, const std::vector<Header>& headers, const std::string& body) {
  put_head(status, headers, status == 204 ? Header{} : Header{"Content-Length", std::to_string(body.size())});
  if (!shape_.without_body && status != 204) out_ += body;
  complete_ = true;
  on_gone_ = nullptr;
}

void Outbox::put_end() {
  if (chunked_ && !shape_.without_body) out_ += "0\r\n\r\n";
  complete_ = true;
  on_gone_ = nullptr;
}

void Outbox::send(int status, const std::vector<Header>& headers, const std::string& body) {
  std::unique_lock lock(mutex_);
  if (gone_ || begun_) return;
  put_whole(status, headers, body);
  notify(lock);
}

void Outbox::begin_stream(int status, const std::vector<Header>& headers) {
  std::unique_lock lock(mutex_);
  if (gone_ || begun_) return;
  for (const Header& h : headers)
    if (equal_ignoring_case(h.name, "Content-Type")) events_ = h.value.starts_with("text/event-stream");
  chunked_ = !shape_.http_1_0;
  if (!chunked_) shape_.keep_alive = false;  // HTTP/1.0: the end of the connection is the end of the body
  put_head(status, headers, chunked_ ? Header{"Transfer-Encoding", "chunked"} : Header{});
  notify(lock);
}

void Outbox::write(const std::string& piece) {
  std::unique_lock lock(mutex_);
  if (gone_ || !begun_ || complete_ || shape_.without_body) return;
  const bool first = out_.empty() && in_flight_ == 0;
  if (piece.size() > unsent_limit_ || out_.size() + in_flight_ > unsent_limit_ - piece.size()) {
    cut_ = true;  // the connection closes, and calls client_gone()
  } else if (chunked_) {
    append_chunk(piece, out_);
  } else {
    out_ += piece;
  }
  if (first && send_now_ && !cut_) {
    out_.erase(0, send_now_(out_));
    if (out_.empty()) return;
  }
  notify(lock);
}

void Outbox::end() {
  std::unique_lock lock(mutex_);
  if (gone_ || !begun_ || complete_) return;
  put_end();
  notify(lock);
}

void Outbox::abandon() {
  std::unique_lock lock(mutex_);
  on_gone_ = nullptr;
  if (gone_ || complete_ || cut_) return;
  shape_.keep_alive = false;
  if (begun_) {
    cut_ = true;
  } else {
    put_whole(500, {{"Content-Type", "application/json"}},
              error_body(500, "the server has dropped this request.", error_type_of(500)));
  }
  notify(lock);
}

void Outbox::on_gone(std::function<void()> call) {
  {
    const std::unique_lock lock(mutex_);
    if (!gone_) {
      if (!complete_) on_gone_ = std::move(call);
      return;
    }
  }
  call();
}

void Outbox::close_after() {
  const std::unique_lock lock(mutex_);
  shape_.keep_alive = false;
}

Outbox::Taken Outbox::take(std::string& to) {
  const std::unique_lock lock(mutex_);
  woken_ = false;
  if (cut_) return Taken::kCut;
  in_flight_ += out_.size();
  if (to.empty()) to.swap(out_);
  else to += out_;
  out_.clear();
  return complete_ ? Taken::kLast : Taken::kMore;
}

int Outbox::status() const {
  const std::unique_lock lock(mutex_);
  return status_;
}

bool Outbox::cut() const {
  const std::unique_lock lock(mutex_);
  return cut_;
}

void Outbox::sent(size_t bytes) {
  const std::unique_lock lock(mutex_);
  in_flight_ -= bytes;
}

bool Outbox::keep_alive() const {
  const std::unique_lock lock(mutex_);
  return shape_.keep_alive;
}

bool Outbox::complete() const {
  const std::unique_lock lock(mutex_);
  return complete_;
}

void Outbox::client_gone() {
  std::function<void()> call;
  {
    const std::unique_lock lock(mutex_);
    if (!complete_) gone_ = true;  // a whole answer that did not arrive is nobody's business any more
    out_ = {};
    send_now_ = nullptr;
    call = std::exchange(on_gone_, nullptr);
  }
  if (call) call();
}

void Outbox::give_up(const std::string& why) {
  std::function<void()> call;
  {
    std::unique_lock lock(mutex_);
    if (gone_ || complete_) return;
    gone_ = true;  // for the handler; the connection still sends what follows
    call = std::exchange(on_gone_, nullptr);
    shape_.keep_alive = false;
    const std::string error = error_body(503, why, error_type_of(503));
    if (!begun_) {
      put_whole(503, {{"Content-Type", "application/json"}}, error);
    } else if (events_) {
      const std::string last = "data: " + error + "\n\ndata: [DONE]\n\n";
      if (chunked_) append_chunk(last, out_);
      else out_ += last;
      put_end();
    } else {
      cut_ = true;
    }
    notify(lock);
  }
  if (call) call();
}

}  // namespace quire::serve
