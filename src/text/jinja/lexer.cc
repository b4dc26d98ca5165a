#include "text/jinja/lexer.h"

#include <algorithm>

#include "base/utf8.h"
#include "text/jinja/failure.h"
#include "text/jinja/text.h"
#include "text/jinja/unicode.h"

namespace quire::jinja {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_word(char c) {
  return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
         static_cast<unsigned char>(c) >= 0x80;
}

int hex_digit(char c) {
  if (is_digit(c)) return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

class Lexer {
 public:
  explicit Lexer(std::string_view source) : source_(source) {}

  std::vector<Lexeme> run() {
    while (at_ < source_.size()) text();
    add(TokenKind::kEnd, source_.size(), "");
    return std::move(tokens_);
  }

 private:
  char peek(size_t ahead = 0) const { return at_ + ahead < source_.size() ? source_[at_ + ahead] : '\0'; }
  bool looking_at(std::string_view s) const { return source_.substr(at_).starts_with(s); }
  [[noreturn]] void wrong(size_t at, std::string message) const {
    fail_at(static_cast<uint32_t>(at), std::move(message));
  }
  void add(TokenKind kind, size_t at, std::string_view text) {
    tokens_.push_back({kind, static_cast<uint32_t>(at), std::string(text)});
  }
  size_t skip_space(size_t at) const {
    while (at < source_.size()) {
      size_t next = at;
      if (!is_space(read_character(source_, next))) break;
      at = next;
    }
    return at;
  }
  void move_to(size_t at) {
    if (at > at_) line_starting_ = source_[at - 1] == '\n';
    at_ = at;
  }

  void data(size_t begin, size_t end, char sign, bool may_strip) {
    std::string_view text = source_.substr(begin, end - begin);
    if (sign == '-') {
      text = strip_right(text);
    } else if (sign != '+' && may_strip) {
      const size_t line = text.rfind('\n') + 1;
      if ((line > 0 || line_starting_) && strip_right(text.substr(line)).empty()) text = text.substr(0, line);
    }
    if (!text.empty()) add(TokenKind::kData, begin, text);
  }

  // From where no tag is open: data up to the next tag, and that tag.
  void text() {
    size_t tag = at_;
    for (;; ++tag) {
      tag = source_.find('{', tag);
      if (tag == std::string_view::npos || tag + 1 >= source_.size()) {
        add(TokenKind::kData, at_, source_.substr(at_));
        at_ = source_.size();
        return;
      }
      const char c = source_[tag + 1];
      if (c == '%' || c == '{' || c == '#') break;
    }
    const char kind = source_[tag + 1];
    size_t next = tag + 2;
    char sign = next < source_.size() ? source_[next] : '\0';
    if (sign == '-' || sign == '+') ++next;
    else sign = '\0';
    data(at_, tag, sign, kind != '{');
    if (kind == '%')
      if (const size_t body = raw_begin(next)) return raw(tag, body);
    move_to(next);
    if (kind == '#') return comment(tag);
    add(kind == '%' ? TokenKind::kBlockBegin : TokenKind::kVariableBegin, tag, "");
    inside(tag, kind == '%');
  }

  // Where the text after `{% raw %}` begins, if that is what stands there; else 0.
  size_t raw_begin(size_t at) const {
    at = skip_space(at);
    if (!source_.substr(at).starts_with("raw")) return 0;
    at = skip_space(at + 3);
    if (source_.substr(at).starts_with("-%}")) return skip_space(at + 3);
    return source_.substr(at).starts_with("%}") ? at + 2 : 0;
  }

  void raw(size_t tag, size_t body) {
    line_starting_ = source_[body - 1] == '\n';
    for (size_t end = body;; ++end) {
      end = source_.find("{%", end);
      if (end == std::string_view::npos) wrong(tag, "Missing end of raw directive");
      size_t at = end + 2;
      const char sign =
          at < source_.size() && (source_[at] == '-' || source_[at] == '+') ? source_[at] : '\0';
      at = skip_space(at + (sign ? 1 : 0));
      if (!source_.substr(at).starts_with("endraw")) continue;
      const size_t after = tag_end(skip_space(at + 6));
      if (!after) continue;
      data(body, end, sign, true);
      return move_to(after);
    }
  }

  // Past a block's end that begins here: -%} takes white space, %} one newline, +%} nothing. 0: none here.
  size_t tag_end(size_t at) const {
    const std::string_view rest = source_.substr(std::min(at, source_.size()));
    if (rest.starts_with("+%}")) return at + 3;
    if (rest.starts_with("-%}")) return skip_space(at + 3);
    if (!rest.starts_with("%}")) return 0;
    return at + (rest.size() > 2 && rest[2] == '\n' ? 3 : 2);
  }

  void comment(size_t tag) {
    const size_t end = source_.find("#}", at_);
    if (end == std::string_view::npos) wrong(tag, "Missing end of comment tag");
    const char sign = end > at_ ? source_[end - 1] : '\0';
    size_t after = end + 2;
    if (sign == '-') after = skip_space(after);
    else if (sign != '+' && after < source_.size() && source_[after] == '\n') ++after;
    move_to(after);
  }

  void inside(size_t tag, bool block) {
    std::string open;
    for (;;) {
      move_to(skip_space(at_));
      if (at_ >= source_.size())
        wrong(tag, std::string("unexpected end of template, the tag is not closed with '") +
                       (block ? "%}'" : "}}'"));
      if (open.empty()) {
        if (block) {
          if (const size_t after = tag_end(at_)) {
            add(TokenKind::kBlockEnd, at_, "");
            return move_to(after);
          }
        } else if (looking_at("-}}") || looking_at("}}")) {
          add(TokenKind::kVariableEnd, at_, "");
          return move_to(peek() == '-' ? skip_space(at_ + 3) : at_ + 2);
        }
      }
      token(open);
    }
  }

  void token(std::string& open) {
    const size_t begin = at_;
    const char c = peek();
    if (is_digit(c)) return number();
    if (is_word(c)) {
      while (is_word(peek())) move_to(at_ + 1);
      return add(TokenKind::kName, begin, source_.substr(begin, at_ - begin));
    }
    if (c == '\'' || c == '"') return string(c);
    constexpr std::string_view kTwo[] = {"//", "**", "==", "!=", ">=", "<="};
    size_t n = 1;
    for (std::string_view two : kTwo)
      if (looking_at(two)) n = 2;
    const std::string_view op = source_.substr(at_, n);
    if (n == 1 && std::string_view("+-/*%~[](){}><=.:|,;").find(c) == std::string_view::npos)
      wrong(begin, std::string("unexpected char '") + c + "'");
    if (c == '(' || c == '[' || c == '{') open += c == '(' ? ')' : c == '[' ? ']' : '}';
    if (c == ')' || c == ']' || c == '}') {
      if (open.empty()) wrong(begin, std::string("unexpected '") + c + "'");
      if (open.back() != c)
        wrong(begin, std::string("unexpected '") + c + "', expected '" + open.back() + "'");
      open.pop_back();
    }
    move_to(at_ + n);
    add(TokenKind::kOperator, begin, op);
  }

  size_t digits(size_t at, bool (*is)(char)) const {  // with single underscores between them; `at` if none
    size_t end = at;
    while (end < source_.size() && is(source_[end])) {
      ++end;
      if (end + 1 < source_.size() && source_[end] == '_' && is(source_[end + 1])) ++end;
    }
    return end;
  }

  void number() {
    const size_t begin = at_;
    const auto emit = [&](TokenKind kind, size_t end) {
      std::string text(source_.substr(begin, end - begin));
      std::erase(text, '_');
      add(kind, begin, text);
      move_to(end);
    };
    const size_t whole = digits(begin, is_digit);
    size_t end = whole;
    const bool after_point = begin > 0 && source_[begin - 1] == '.';
    if (!after_point) {
      if (end + 1 < source_.size() && source_[end] == '.' && is_digit(source_[end + 1]))
        end = digits(end + 1, is_digit);
      if (end < source_.size() && (source_[end] == 'e' || source_[end] == 'E')) {
        size_t exponent = end + 1;
        if (exponent < source_.size() && (source_[exponent] == '+' || source_[exponent] == '-')) ++exponent;
        if (exponent < source_.size() && is_digit(source_[exponent])) end = digits(exponent, is_digit);
      }
      if (end > whole) return emit(TokenKind::kFloat, end);
    }
    const char second = static_cast<char>(peek(1) | 0x20);
    if (peek() == '0' && (second == 'x' || second == 'o' || second == 'b')) {
      const size_t from = begin + (peek(2) == '_' ? 3 : 2);
      const auto is = second == 'x'   ? +[](char c) { return hex_digit(c) >= 0; }
                      : second == 'o' ? +[](char c) { return c >= '0' && c <= '7'; }
                                      : +[](char c) { return c == '0' || c == '1'; };
      if (const size_t to = digits(from, is); to > from) return emit(TokenKind::kInteger, to);
    }
    if (peek() == '0') return emit(TokenKind::kInteger, digits(begin, [](char c) { return c == '0'; }));
    emit(TokenKind::kInteger, whole);
  }

  void string(char quote) {
    const size_t begin = at_++;
    std::string value;
    while (peek() != quote || at_ >= source_.size()) {
      if (at_ >= source_.size())
        wrong(begin, std::string("unexpected char ") + quote + " (a string without end)");
      if (peek() == '\\') escape(begin, value);
      else value += source_[at_++];
    }
    move_to(at_ + 1);
    add(TokenKind::kString, begin, value);
  }

  void escape(size_t string_begin, std::string& value) {
    constexpr std::string_view kFrom = "\\'\"abfnrtv", kTo = "\\'\"\a\b\f\n\r\t\v";
    const char c = peek(1);
    at_ += 2;
    if (at_ > source_.size()) wrong(string_begin, "a string without end");
    if (const size_t i = kFrom.find(c); i != std::string_view::npos) {
      value += kTo[i];
    } else if (c == '\n') {
    } else if (c >= '0' && c <= '7') {
      char32_t code = static_cast<char32_t>(c - '0');
      for (int i = 0; i < 2 && peek() >= '0' && peek() <= '7'; ++i)
        code = code * 8 + static_cast<char32_t>(source_[at_++] - '0');
      append_character(value, code);
    } else if (c == 'x' || c == 'u' || c == 'U') {
      char32_t code = hex(c == 'x' ? 2 : c == 'u' ? 4 : 8);
      if (code >= 0xd800 && code < 0xdc00 && looking_at("\\u")) {
        at_ += 2;
        const char32_t low = hex(4);
        if (low < 0xdc00 || low >= 0xe000) wrong(string_begin, "a lone surrogate in a string");
        code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
      }
      if (code > 0x10ffff || (code >= 0xd800 && code < 0xe000))
        wrong(string_begin, "an escape in a string is no character");
      append_character(value, code);
    } else if (c == 'N') {
      wrong(string_begin, "\\N{...} in a string is not supported");
    } else {
      value += '\\';
      --at_;
      if (at_ < source_.size() && source_[at_] != '\\') value += source_[at_++];
    }
  }

  char32_t hex(int count) {
    char32_t code = 0;
    for (int i = 0; i < count; ++i, ++at_) {
      const int digit = hex_digit(peek());
      if (digit < 0) wrong(at_, "truncated escape in a string");
      code = code * 16 + static_cast<char32_t>(digit);
    }
    return code;
  }

  std::string_view source_;
  size_t at_ = 0;
  bool line_starting_ = true;
  std::vector<Lexeme> tokens_;
};

}  // namespace

std::string normalize_source(std::string_view source) {
  std::string to;
  to.reserve(source.size());
  for (size_t i = 0; i < source.size(); ++i) {
    if (source[i] != '\r') to += source[i];
    else if (i + 1 >= source.size() || source[i + 1] != '\n') to += '\n';
  }
  if (to.ends_with('\n')) to.pop_back();
  return to;
}

std::vector<Lexeme> lex(std::string_view source) { return Lexer(source).run(); }

}  // namespace quire::jinja
