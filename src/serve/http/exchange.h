// The door between HTTP and what answers: a request as it was received and checked, and the one reply to it.
// Nothing here knows a socket; nothing above knows what a token is.
#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace quire::serve {

struct Header {
  std::string name, value;
};

// Complete and within all limits; its key, where the route asks for one, was accepted.
struct HttpRequest {
  uint64_t id = 0;                  // ours, of this process: never the client's X-Request-Id
  std::string method, path, query;  // path without the query, percent-decoded once
  std::vector<Header> headers;
  std::string body;
  int32_t key = 0;  // which API key it came with, from 1; 0: none was asked for
  // The first of that name, whatever its case; null: there is none.
  const std::string* header(std::string_view name) const;
};

// The one reply to a request. Any thread may call, nothing blocks; after the client has gone away calls do
// nothing. Either send(), or begin_stream(), write()..., end(). Destroyed without an end: the connection
// is closed, so that a client sees a truncated answer as what it is.
class Reply {
 public:
  virtual ~Reply() = default;

  virtual void send(int status, std::vector<Header> headers, std::string body) = 0;

  virtual void begin_stream(int status, std::vector<Header> headers) = 0;
  // A piece of the body. Pieces that the client does not take are kept up to a bound; beyond it, or after the
  // write deadline, the client counts as gone.
  virtual void write(std::string piece) = 0;
  virtual void end() = 0;

  // Called once, at once if it is too late already: the client closed its side, was too slow, or the server
  // gives up (drain's limit). From any thread; must not block. Not called after send() or end() were carried
  // out.
  virtual void on_gone(std::function<void()> call) = 0;
  virtual bool gone() const = 0;
};

// Answers a request, at once or later from another thread; must not block (I/O threads call it).
using Handler = std::function<void(HttpRequest request, std::shared_ptr<Reply> reply)>;

enum class Guard : uint8_t { kKey, kOpen };  // kOpen: needs no API key

struct Route {
  std::string method, path;  // a path may end in "/{name}": one or more segments, see router.h
  Guard guard = Guard::kKey;
  Handler handler;
};

// An error as every client of OpenAI's reads it: {"error": {"message", "type", "param", "code"}}.
std::string error_body(int status, std::string_view message, std::string_view type,
                       std::string_view param = {});

}  // namespace quire::serve
