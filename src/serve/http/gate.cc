#include "serve/http/gate.h"

#include <algorithm>
#include <utility>

#include "serve/http/head_check.h"

namespace quire::serve {
namespace {

// Short and harmless wherever it is printed.
bool is_clean_id(std::string_view id) {
  return !id.empty() && id.size() <= 128 && std::ranges::all_of(id, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_' || c == '.' || c == ':';
  });
}

Decision& refuse(Decision& d, int status, std::string message, std::vector<Header> headers = {}) {
  d.status = status;
  d.message = std::move(message);
  d.headers = std::move(headers);
  return d;
}

}  // namespace

Decision decide(const RequestHead& head, const Site& site) {
  Decision d;
  d.close = site.refusing;
  d.always = site.origins.answer_headers(head);
  if (const std::string* id = head.header("X-Request-Id"); id && is_clean_id(*id))
    d.always.push_back({"X-Request-Id", *id});

  if (auto refusal = site.origins.refusal(head)) return refuse(d, refusal->status, refusal->message);
  if (OriginPolicy::is_preflight(head)) {
    d.always = site.origins.preflight_headers(head);
    return refuse(d, 204, "");
  }
  Result<Target> target = read_target(head.target);
  if (!target.ok()) {
    d.close = true;
    return refuse(d, 400, target.status().message());
  }
  d.path = target.value().path();
  d.query = target.value().query;
  d.router = site.router();
  const Router::Match match = d.router->match(head.method, target.value());
  if (match.guard == Guard::kKey && site.keys.any()) {
    d.key = site.keys.check(head);
    if (d.key == 0)
      return refuse(d, 401, "this needs an API key that the server knows: send Authorization: Bearer KEY.",
                    {{"WWW-Authenticate", "Bearer"}});
  }
  if (match.guard == Guard::kKey && site.refusing)
    return refuse(d, 503, "the server is shutting down; ask another one.");
  if (match.allow.empty()) {
    if (const auto why = site.not_ready ? site.not_ready() : std::nullopt)
      return refuse(d, 503, "the server is not ready: " + *why + '.', {{"Retry-After", "1"}});
    return refuse(d, 404, "there is no such path here.");
  }
  if (!match.route)
    return refuse(d, 405, "this path does not know the method; it knows " + match.allow + '.',
                  {{"Allow", match.allow}});
  if (const std::string* coding = head.header("Content-Encoding");
      coding && !equal_ignoring_case(*coding, "identity"))
    return refuse(d, 415, "a body must not be compressed; send it without Content-Encoding.");
  d.route = match.route;
  return d;
}

}  // namespace quire::serve
