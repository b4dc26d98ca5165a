#include "weights/json_cursor.h"

#include <algorithm>
#include <charconv>

#include "base/json.h"

namespace quire {

std::string quoted_name(std::string_view text) {
  constexpr size_t kShown = 100;
  std::string s;
  append_json_string(text.substr(0, kShown), s);
  if (text.size() > kShown) s += "...";
  return s;
}

char JsonCursor::peek() {
  while (at_ < text_.size()) {
    const char c = text_[at_];
    if (c != ' ' && c != '\n' && c != '\t' && c != '\r') return c;
    ++at_;
  }
  return 0;
}

std::string JsonCursor::found() {
  if (peek() == 0 && at_ == text_.size()) return "the end";
  std::string s;
  for (const char c : text_.substr(at_, 24)) {
    if (!s.empty() && (c == ',' || c == ']' || c == '}')) break;
    s += c >= ' ' && c <= '~' ? c : '?';
  }
  return s;
}

void JsonCursor::fail(const std::string& what) {
  if (ok()) problem_ = "byte " + std::to_string(first_byte_ + static_cast<int64_t>(at_)) + ": " + what;
}

bool JsonCursor::open(char bracket) {
  if (!ok()) return false;
  if (peek() != bracket) {
    fail((bracket == '{' ? "an object was expected, found " : "an array was expected, found ") + found());
    return false;
  }
  ++at_;
  first_ = true;
  return true;
}

bool JsonCursor::next(char closing) {
  if (!ok()) return false;
  const bool first = first_;
  first_ = false;
  const char c = peek();
  if (c == closing) {
    ++at_;
    return false;
  }
  if (first) return true;
  if (c != ',') {
    fail(std::string("a comma or ") + closing + " was expected, found " + found());
    return false;
  }
  ++at_;
  if (peek() != closing) return true;
  fail("a value was expected after the comma, found " + found());
  return false;
}

std::string_view JsonCursor::key() {
  const std::string_view k = string();
  if (ok() && peek() != ':') fail("a colon was expected, found " + found());
  if (!ok()) return {};
  ++at_;
  return k;
}

std::string_view JsonCursor::string() {
  if (!ok()) return {};
  if (peek() != '"') {
    fail("a string was expected, found " + found());
    return {};
  }
  bool escapes = false;
  size_t end = at_ + 1;
  for (; end < text_.size() && text_[end] != '"'; ++end) {
    const auto c = static_cast<unsigned char>(text_[end]);
    if (c < 0x20) break;
    if (c == '\\') escapes = true, ++end;
  }
  if (end >= text_.size() || text_[end] != '"') {
    fail(end >= text_.size() ? "a string has no end" : "a string holds a control character");
    return {};
  }
  const std::string_view whole = text_.substr(at_, end + 1 - at_);
  if (escapes) {
    const auto parsed = parse_json(whole);
    if (!parsed.ok()) {
      fail("a string holds an escape that is not valid");
      return {};
    }
    decoded_.push_back(*parsed.value().string());
  }
  at_ = end + 1;
  return escapes ? std::string_view(decoded_.back()) : whole.substr(1, whole.size() - 2);
}

std::optional<uint64_t> JsonCursor::size() {
  if (!ok()) return std::nullopt;
  peek();
  const char *from = text_.data() + at_, *stop = text_.data() + text_.size();
  uint64_t v = 0;
  const auto r = std::from_chars(from, stop, v);
  const bool more = r.ptr < stop && (*r.ptr == '.' || *r.ptr == 'e' || *r.ptr == 'E');
  const bool zero_led = r.ptr - from > 1 && *from == '0';
  if (r.ec != std::errc() || more || zero_led) {
    fail("a whole number from 0 to 18446744073709551615 was expected, found " + found());
    return std::nullopt;
  }
  at_ += static_cast<size_t>(r.ptr - from);
  return v;
}

size_t JsonCursor::extent() const {
  size_t depth = 0;
  bool quote = false;
  for (size_t i = at_; i < text_.size(); ++i) {
    const char c = text_[i];
    if (quote) {
      if (c == '\\') ++i;
      else if (c == '"') quote = false;
    } else if (c == '"') {
      quote = true;
    } else if (c == '{' || c == '[') {
      ++depth;
    } else if (c == ',' || c == '}' || c == ']') {
      if (depth == 0) return i - at_;
      if (c != ',') --depth;
    }
  }
  return text_.size() - at_;
}

void JsonCursor::skip() {
  if (!ok()) return;
  peek();
  const size_t n = extent();
  const auto parsed = parse_json(text_.substr(at_, n), {.depth = 16, .values = 10'000});
  if (!parsed.ok()) {
    std::string what = parsed.status().message();  // counts bytes from here
    if (what.ends_with('.')) what.pop_back();
    return fail("the value that begins here is " + what);
  }
  at_ += n;
}

void JsonCursor::end() {
  if (!ok()) return;
  if (peek() != 0 || at_ < text_.size()) fail("nothing more was expected, found " + found());
}

}  // namespace quire
