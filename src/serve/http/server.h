// The HTTP server: sockets in, requests to handlers, answers out. Knows nothing of models.
#pragma once
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "serve/http/api_keys.h"
#include "serve/http/exchange.h"
#include "serve/http/limits.h"
#include "serve/http/origin_policy.h"

namespace quire::serve {

struct ServerOptions {
  std::string host = "127.0.0.1";
  int32_t port = 8000;                   // 0: the system chooses
  std::string uds;                       // listen on this Unix socket instead
  std::string tls_certificate, tls_key;  // files; both empty: plain HTTP
  ApiKeys keys;
  bool insecure = false;  // let machines of the network in without a key
  OriginPolicy origins;
  HttpLimits limits;
  int32_t io_threads = 1;
  // See Site.
  std::function<std::optional<std::string>()> not_ready;
  std::function<void(std::string_view route, std::string_view method, int status, double seconds)> on_answer;
};

class Server {
 public:
  // Listens and answers from here on, at first with no route but `routes`. Refuses what the options cannot
  // mean in one sentence.
  static Result<std::unique_ptr<Server>> start(ServerOptions options, std::vector<Route> routes);
  ~Server();  // closes everything at once; handlers may still hold replies, which do nothing then
  Server(const Server&) = delete;

  // From any thread.
  void set_routes(std::vector<Route> routes);  // instead of those before
  const std::string& url() const;              // "http://127.0.0.1:8000", "unix:/run/quire.sock"
  int32_t port() const;
  int32_t connections() const;

  struct Drain {
    std::chrono::milliseconds grace{0};        // how long requests are still taken
    std::chrono::milliseconds limit{30000};    // when those that are not done are given up
    std::chrono::milliseconds farewell{2000};  // for the last words to those
  };
  // Takes no more requests than open routes' and waits for the others to end; `done` is called once, on a
  // thread of the server, with whether all of them did. Call it once.
  void drain(const Drain& drain, std::function<void(bool all_done)> done);

 private:
  struct Parts;
  explicit Server(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

}  // namespace quire::serve
