// What web pages may do with the server: which origins may read answers (CORS, closed by default), and that a
// page cannot reach a server of this machine under a name of its own (DNS rebinding).
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "serve/http/exchange.h"
#include "serve/http/limits.h"
#include "serve/http/request_reader.h"

namespace quire::serve {

struct OriginPolicy {
  std::vector<std::string> origins;  // "https://example.org"; "*": all; none: no page of another origin
  std::vector<std::string> methods{"GET", "POST", "OPTIONS"};  // what a preflight is told
  std::vector<std::string> headers{"*"};
  bool credentials = false;
  bool only_local_names =
      false;  // Host and Origin must be names of this machine (bound to it, without a key)

  // 403 for a request under a foreign name; nothing: it may go on.
  std::optional<HttpRefusal> refusal(const RequestHead& head) const;
  // A page asks whether it may send a request: answered alike for all paths, with or without a key.
  static bool is_preflight(const RequestHead& head);
  std::vector<Header> preflight_headers(const RequestHead& head) const;
  // For the answer of any other request.
  std::vector<Header> answer_headers(const RequestHead& head) const;

 private:
  bool allows(std::string_view origin) const;
};

// localhost, *.localhost, 127.0.0.0/8 or [::1], with or without a port.
bool is_local_authority(std::string_view authority);

}  // namespace quire::serve
