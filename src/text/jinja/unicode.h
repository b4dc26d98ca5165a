// Properties and case mappings of characters as Python 3.11's str has them (Unicode 14).
#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace quire::jinja {

enum class CharacterClass : unsigned char {
  kAlpha,
  kDecimal,
  kDigit,
  kNumeric,
  kUpper,
  kLower,
  kTitle,
  kCased,
  kPrintable
};

bool is_space(char32_t c);  // str.isspace
bool is_in(CharacterClass, char32_t c);
std::string_view strip_right(std::string_view);  // white space at the end taken off

// Full mappings: one character may become up to three. Final sigma is left to the caller.
void append_upper(std::string& to, char32_t c);
void append_lower(std::string& to, char32_t c);
void append_title(std::string& to, char32_t c);
void append_fold(std::string& to, char32_t c);  // str.casefold

namespace table {  // unicode_table.cc, generated
struct Range {
  char32_t first, last;
};
struct Shift {  // each `step`-th character of first..last moves by `by`
  char32_t first, last;
  int32_t step, by;
};
struct Special {
  char32_t from, to[3];
};
std::span<const Range> ranges(CharacterClass);
std::span<const Shift> upper();
std::span<const Shift> lower();
std::span<const Shift> title();
std::span<const Shift> fold();
std::span<const Special> special_upper();
std::span<const Special> special_lower();
std::span<const Special> special_title();
std::span<const Special> special_fold();
}  // namespace table

}  // namespace quire::jinja
