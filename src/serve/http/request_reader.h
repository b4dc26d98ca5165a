// Bytes in, requests out, whatever the pieces they come in: the parsing of a connection without a connection.
// The head is checked by HeadCheck and read by Beast, and so is the body (plain or chunked).
#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "serve/http/exchange.h"
#include "serve/http/limits.h"

namespace quire::serve {

// What is known of a request before its body.
struct RequestHead {
  std::string method, target;  // as they came
  std::vector<Header> headers;
  bool http_1_0 = false;
  bool has_body = false;    // more bytes belong to this request
  bool keep_alive = false;  // the client wants to go on after it
  bool expects_continue = false;

  const std::string* header(std::string_view name) const;  // the first of that name
  size_t count(std::string_view name) const;
};

class RequestReader {
 public:
  enum class State : uint8_t {
    kHead,      // wants more bytes
    kHeadRead,  // head() is there; call read_body() to go on
    kBody,      // wants more bytes
    kDone,      // head() and body are whole; call next() to go on
    kRefused,   // refusal() says why; the bytes that follow have no meaning
  };

  explicit RequestReader(const HttpLimits& limits);  // which outlive it
  ~RequestReader();
  RequestReader(const RequestReader&) = delete;

  // Reads from the front of `bytes`, all that came and was not consumed so far; how many it has consumed.
  size_t feed(std::string_view bytes);

  State state() const { return state_; }
  const RequestHead& head() const { return head_; }
  RequestHead& head() { return head_; }
  std::string& body() { return body_; }
  size_t body_bytes() const { return wire_bytes_; }  // of this body consumed so far, chunk lines included
  const HttpRefusal& refusal() const { return refusal_; }

  void read_body();  // kHeadRead: now kBody or kDone
  void next();       // kDone: now kHead

 private:
  struct Parsing;  // Beast's parser and ours, of one request
  size_t feed_head(std::string_view bytes);
  size_t feed_body(std::string_view bytes);
  void refuse(int status, std::string message);

  const HttpLimits& limits_;
  std::unique_ptr<Parsing> parsing_;
  State state_ = State::kHead;
  RequestHead head_;
  std::string body_;
  size_t wire_bytes_ = 0;
  HttpRefusal refusal_;
};

}  // namespace quire::serve
