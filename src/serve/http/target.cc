#include "serve/http/target.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "base/utf8.h"

namespace quire::serve {
namespace {

Status refuse(std::string message) { return {Code::kInvalidArgument, std::move(message)}; }

int hex(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

std::optional<std::string> decode(std::string_view s) {
  std::string text;
  for (size_t i = 0; i < s.size(); ++i) {
    if (s[i] != '%') {
      text += s[i];
      continue;
    }
    if (s.size() - i < 3 || hex(s[i + 1]) < 0 || hex(s[i + 2]) < 0) return std::nullopt;
    text += static_cast<char>(hex(s[i + 1]) * 16 + hex(s[i + 2]));
    i += 2;
  }
  return text;
}

}  // namespace

std::string Target::path() const {
  std::string path;
  for (const std::string& s : segments) path.append("/").append(s);
  return path;
}

Result<Target> read_target(std::string_view target) {
  Target t;
  if (target == "*") {
    t.segments = {"*"};
    return t;
  }
  if (!target.starts_with('/')) {  // a URL: its host was compared with the Host header
    const size_t host = target.find("://");
    if (host == std::string_view::npos)
      return refuse("the target of the request is no path and no http URL.");
    const std::string_view rest = target.substr(host + 3);
    target = rest.substr(std::min(rest.find_first_of("/?#"), rest.size()));
  }
  if (target.find('#') != std::string_view::npos)
    return refuse("the target of the request has a fragment (#), which belongs to the client.");
  const size_t mark = std::min(target.find('?'), target.size());
  std::string_view path = target.substr(0, mark);
  if (mark < target.size()) t.query = target.substr(mark + 1);
  if (path.empty()) path = "/";
  while (!path.empty()) {
    path.remove_prefix(1);
    const size_t end = std::min(path.find('/'), path.size());
    std::optional<std::string> segment = decode(path.substr(0, end));
    if (!segment) return refuse("the path has a % that is not followed by two hexadecimal digits.");
    if (!is_utf8(*segment)) return refuse("the path is not UTF-8.");
    if (std::ranges::any_of(*segment,
                            [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; }))
      return refuse("the path holds control characters.");
    t.segments.push_back(std::move(*segment));
    path.remove_prefix(end);
  }
  return t;
}

}  // namespace quire::serve
