// What a request and an error have in common for all routes.
#include "serve/http/exchange.h"

#include <algorithm>

#include "base/json.h"

namespace quire::serve {
namespace {

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

}  // namespace

const std::string* HttpRequest::header(std::string_view name) const {
  for (const Header& h : headers)
    if (std::ranges::equal(h.name, name, [](char a, char b) { return lower(a) == lower(b); }))
      return &h.value;
  return nullptr;
}

std::string error_body(int status, std::string_view message, std::string_view type, std::string_view param) {
  std::string body = "{\"error\":{\"message\":";
  append_json_string(message, body);
  body += ",\"type\":";
  append_json_string(type, body);
  body += ",\"param\":";
  if (param.empty()) body += "null";
  else append_json_string(param, body);
  return body + ",\"code\":" + std::to_string(status) + "}}";
}

}  // namespace quire::serve
