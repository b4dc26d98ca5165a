#include "serve/http/head_check.h"

#include <algorithm>
#include <charconv>

#include "base/utf8.h"

namespace quire::serve {
namespace {

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_token_byte(char c) {
  return is_letter(c) || is_digit(c) || std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
}
bool is_token(std::string_view s) { return !s.empty() && std::ranges::all_of(s, is_token_byte); }

std::string_view trimmed(std::string_view s) {
  while (!s.empty() && (s.front() == ' ' || s.front() == '\t')) s.remove_prefix(1);
  while (!s.empty() && (s.back() == ' ' || s.back() == '\t')) s.remove_suffix(1);
  return s;
}

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

}  // namespace

bool equal_ignoring_case(std::string_view a, std::string_view b) {
  return std::ranges::equal(a, b, [](char x, char y) { return lower(x) == lower(y); });
}

bool is_authority(std::string_view s) {
  std::string_view host = s, port;
  if (s.starts_with('[')) {
    const size_t end = s.find(']');
    if (end == std::string_view::npos || end == 1) return false;
    host = s.substr(1, end - 1);
    port = s.substr(end + 1);
    if (!std::ranges::all_of(host, [](char c) {
          return is_digit(c) || (lower(c) >= 'a' && lower(c) <= 'f') || c == ':' || c == '.';
        }))
      return false;
  } else {
    const size_t colon = std::min(s.find(':'), s.size());
    host = s.substr(0, colon);
    port = s.substr(colon);
    if (host.empty() || !std::ranges::all_of(host, [](char c) {
          return is_letter(c) || is_digit(c) || c == '-' || c == '.' || c == '_' || c == '~';
        }))
      return false;
  }
  if (port.empty()) return true;
  port.remove_prefix(1);
  return s[s.size() - port.size() - 1] == ':' && port.size() <= 5 && std::ranges::all_of(port, is_digit);
}

bool HeadCheck::refuse(int status, std::string message) {
  refusal_ = {status, std::move(message)};
  return false;
}

HeadCheck::Found HeadCheck::look(std::string_view bytes) {
  if (refusal_.status != 0) return Found::kRefusal;
  if (ended_) return Found::kEnd;
  if (!bytes.empty() && !is_token_byte(bytes[0])) {
    refuse(400, "the request does not begin with a method.");  // TLS on a plain port, an empty line, noise
    return Found::kRefusal;
  }
  for (size_t end = bytes.find('\n', looked_); end != std::string_view::npos;
       end = bytes.find('\n', looked_)) {
    looked_ = end + 1;
    std::string_view line = bytes.substr(line_begin_, end - line_begin_);
    if (line.empty() || line.back() != '\r') {
      refuse(400, "a line of the head does not end with CR LF.");
      return Found::kRefusal;
    }
    line.remove_suffix(1);
    if (!take_line(line)) return Found::kRefusal;
    line_begin_ = looked_;
    if (ended_) return Found::kEnd;
  }
  looked_ = bytes.size();
  const size_t partial = bytes.size() - line_begin_;
  if (lines_ == 0 ? partial > limits_->request_line + 1 : partial > limits_->header + 1)
    take_line(bytes.substr(line_begin_));  // says how long it may be
  return refusal_.status != 0 ? Found::kRefusal : Found::kMore;
}

bool HeadCheck::take_line(std::string_view line) {
  if (lines_++ == 0) return take_request_line(line);
  if (line.empty()) return take_end();
  return take_field(line);
}

bool HeadCheck::take_request_line(std::string_view line) {
  if (line.size() > limits_->request_line)
    return refuse(414,
                  "the request line is longer than " + std::to_string(limits_->request_line) + " bytes.");
  const size_t first = line.find(' '), last = line.rfind(' ');
  if (first == std::string_view::npos || first == last)
    return refuse(400,
                  "the request line is not a method, a target and a version with one space between them.");
  const std::string_view method = line.substr(0, first), target = line.substr(first + 1, last - first - 1),
                         version = line.substr(last + 1);
  if (!is_token(method)) return refuse(400, "the method is not a token.");
  if (target.empty() || !std::ranges::all_of(target, [](char c) { return c > ' ' && c < 0x7F; }))
    return refuse(400, "the target of the request holds bytes that a URL may not hold.");
  if (version.size() != 8 || !version.starts_with("HTTP/") || !is_digit(version[5]) || version[6] != '.' ||
      !is_digit(version[7]))
    return refuse(400, "the request line does not end with an HTTP version.");
  http_1_0_ = version == "HTTP/1.0";
  if (!http_1_0_ && version != "HTTP/1.1") return refuse(505, "this server speaks HTTP/1.1 and HTTP/1.0.");
  if (target[0] == '/' || target == "*") return true;
  for (const std::string_view scheme : {"http://", "https://"})
    if (target.size() > scheme.size() && equal_ignoring_case(target.substr(0, scheme.size()), scheme)) {
      const std::string_view rest = target.substr(scheme.size());
      authority_ = rest.substr(0, std::min(rest.find_first_of("/?#"), rest.size()));
      if (!is_authority(authority_)) return refuse(400, "the target's host is not a host.");
      return true;
    }
  return refuse(400, "the target of the request is no path and no http URL.");
}

bool HeadCheck::take_field(std::string_view line) {
  if (line.size() > limits_->header)
    return refuse(431, "a header is longer than " + std::to_string(limits_->header) + " bytes.");
  if (lines_ - 1 > limits_->headers)
    return refuse(431, "there are more than " + std::to_string(limits_->headers) + " headers.");
  fields_bytes_ += line.size();  // both at most some KiB
  if (fields_bytes_ > limits_->headers_total)
    return refuse(
        431, "the headers are longer than " + std::to_string(limits_->headers_total) + " bytes together.");
  if (line[0] == ' ' || line[0] == '\t') return refuse(400, "a header is folded over two lines.");
  const size_t colon = line.find(':');
  if (colon == std::string_view::npos) return refuse(400, "a header has no colon.");
  const std::string_view name = line.substr(0, colon), value = trimmed(line.substr(colon + 1));
  if (!is_token(name)) return refuse(400, "the name of a header is not a token.");
  if (!std::ranges::all_of(
          value, [](char c) { return c == '\t' || (static_cast<unsigned char>(c) >= 0x20 && c != 0x7F); }))
    return refuse(400, "a header holds control characters.");
  if (!is_utf8(value)) return refuse(400, "a header is not UTF-8.");
  return take_known_field(name, value);
}

bool HeadCheck::take_known_field(std::string_view name, std::string_view value) {
  if (equal_ignoring_case(name, "Host")) {
    if (host_) return refuse(400, "there are two Host headers.");
    host_ = true;
    if (!is_authority(value)) return refuse(400, "the Host header is not a host.");
    if (!authority_.empty() && !equal_ignoring_case(authority_, value))
      return refuse(400, "the Host header is not the host of the target.");
  } else if (equal_ignoring_case(name, "Content-Length")) {
    if (content_length_) return refuse(400, "there are two Content-Length headers.");
    if (chunked_) return refuse(400, "there are both Content-Length and Transfer-Encoding.");
    uint64_t n = 0;
    const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), n);
    if (value.empty() || !std::ranges::all_of(value, is_digit) || value.size() > 19 || error != std::errc() ||
        end != value.data() + value.size())
      return refuse(400, "Content-Length is not a number of bytes.");
    content_length_ = n;
  } else if (equal_ignoring_case(name, "Transfer-Encoding")) {
    if (chunked_) return refuse(400, "there are two Transfer-Encoding headers.");
    if (content_length_) return refuse(400, "there are both Content-Length and Transfer-Encoding.");
    if (http_1_0_) return refuse(400, "HTTP/1.0 has no Transfer-Encoding.");
    if (!equal_ignoring_case(value, "chunked")) return refuse(400, "Transfer-Encoding must be chunked.");
    chunked_ = true;
  }
  return true;
}

bool HeadCheck::take_end() {
  if (!host_ && !http_1_0_) return refuse(400, "there is no Host header.");
  ended_ = true;
  if (content_length_.value_or(0) > limits_->body)
    return refuse(413, "the body is longer than " + std::to_string(limits_->body) + " bytes.");
  return true;
}

}  // namespace quire::serve
