// Template source to tokens: jinja2's rules with trim_blocks and lstrip_blocks on, loss of one newline at the
// end of the source, `-` and `+` at the tags.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace quire::jinja {

enum class TokenKind : unsigned char {
  kData,
  kVariableBegin,
  kVariableEnd,
  kBlockBegin,
  kBlockEnd,
  kName,
  kString,
  kInteger,
  kFloat,
  kOperator,
  kEnd
};

struct Lexeme {
  TokenKind kind;
  uint32_t at;
  std::string text;  // a string's value; else as written
};

// \r\n and \r become \n; one newline at the end goes.
std::string normalize_source(std::string_view source);

// Of a normalized source; fails with a position.
std::vector<Lexeme> lex(std::string_view source);

}  // namespace quire::jinja
