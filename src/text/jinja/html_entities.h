// The names that HTML 5 gives to characters, as Python's html.unescape knows them.
#pragma once
#include <span>
#include <string_view>

namespace quire::jinja {

struct HtmlEntity {
  std::string_view name;  // without the &; those that need no semicolon are there twice
  std::string_view text;
};
struct HtmlNumber {
  char32_t written, meant;  // &#128; is the euro sign
};

std::span<const HtmlEntity> html_entities();  // in order of name
std::span<const HtmlNumber> html_numbers();   // in order of what is written

}  // namespace quire::jinja
