#include "serve/http/origin_policy.h"

#include <arpa/inet.h>

#include <algorithm>

#include "serve/http/head_check.h"

namespace quire::serve {
namespace {

std::string joined(const std::vector<std::string>& words) {
  std::string all;
  for (const std::string& w : words) all += (all.empty() ? "" : ", ") + w;
  return all;
}

// "https://a.example:8443" to "a.example:8443"; nothing of "null".
std::string_view authority_of(std::string_view origin) {
  const size_t at = origin.find("://");
  return at == std::string_view::npos ? std::string_view() : origin.substr(at + 3);
}

}  // namespace

bool is_local_authority(std::string_view authority) {
  if (!is_authority(authority)) return false;
  if (authority.starts_with('[')) return authority.substr(0, authority.find(']') + 1) == "[::1]";
  std::string_view host = authority.substr(0, authority.find(':'));
  if (host.ends_with('.')) host.remove_suffix(1);
  constexpr std::string_view kLocal = "localhost";
  if (equal_ignoring_case(host, kLocal)) return true;
  if (host.size() > kLocal.size() &&
      equal_ignoring_case(host.substr(host.size() - kLocal.size() - 1), ".localhost"))
    return true;
  in_addr address{};
  return inet_pton(AF_INET, std::string(host).c_str(), &address) == 1 && (ntohl(address.s_addr) >> 24) == 127;
}

bool OriginPolicy::allows(std::string_view origin) const {
  return std::ranges::any_of(
      origins, [&](const std::string& o) { return o == "*" || equal_ignoring_case(o, origin); });
}

std::optional<HttpRefusal> OriginPolicy::refusal(const RequestHead& head) const {
  if (!only_local_names) return std::nullopt;
  const std::string* host = head.header("Host");
  if (host && !is_local_authority(*host))
    return HttpRefusal{
        403,
        "a server without an API key answers only under a name of its own machine, such as "
        "localhost; the Host header says another. Start it with --api-key to use other names."};
  const std::string* origin = head.header("Origin");
  if (origin && !allows(*origin) && !is_local_authority(authority_of(*origin)))
    return HttpRefusal{403, "pages of this origin may not use the server; --allowed-origins says which may."};
  return std::nullopt;
}

bool OriginPolicy::is_preflight(const RequestHead& head) {
  return head.method == "OPTIONS" && head.header("Origin") && head.header("Access-Control-Request-Method");
}

std::vector<Header> OriginPolicy::preflight_headers(const RequestHead& head) const {
  std::vector<Header> answer = answer_headers(head);
  const std::string* origin = head.header("Origin");
  if (!origin || !allows(*origin)) return answer;
  answer.push_back({"Access-Control-Allow-Methods", joined(methods)});
  // "*" does not cover Authorization (Fetch, section 4.9), which is what every page here sends.
  const bool all = std::ranges::count(headers, "*") > 0;
  answer.push_back(
      {"Access-Control-Allow-Headers",
       all ? "Authorization, Content-Type, X-Request-Id, X-Request-Timeout, *" : joined(headers)});
  answer.push_back({"Access-Control-Max-Age", "600"});
  return answer;
}

std::vector<Header> OriginPolicy::answer_headers(const RequestHead& head) const {
  if (origins.empty()) return {};
  std::vector<Header> answer;
  const bool all = std::ranges::count(origins, "*") > 0;
  if (!all) answer.push_back({"Vary", "Origin"});
  const std::string* origin = head.header("Origin");
  if (!origin || !allows(*origin)) return answer;
  answer.push_back({"Access-Control-Allow-Origin", all ? "*" : *origin});
  answer.push_back({"Access-Control-Expose-Headers", "X-Request-Id, Retry-After"});
  if (credentials) answer.push_back({"Access-Control-Allow-Credentials", "true"});
  return answer;
}

}  // namespace quire::serve
