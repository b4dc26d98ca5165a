#include "text/jinja/unicode.h"

#include <algorithm>

#include "text/jinja/text.h"

namespace quire::jinja {
namespace {

void append_mapped(std::string& to, char32_t c, std::span<const table::Shift> shifts,
                   std::span<const table::Special> specials) {
  const auto special = std::ranges::lower_bound(specials, c, {}, &table::Special::from);
  if (special != specials.end() && special->from == c) {
    for (char32_t part : special->to)
      if (part) append_character(to, part);
    return;
  }
  const auto s = std::ranges::lower_bound(shifts, c, {}, &table::Shift::last);
  if (s != shifts.end() && s->first <= c && (c - s->first) % static_cast<char32_t>(s->step) == 0)
    c = static_cast<char32_t>(static_cast<int32_t>(c) + s->by);
  append_character(to, c);
}

}  // namespace

bool is_space(char32_t c) {
  return (c >= 9 && c <= 13) || (c >= 0x1c && c <= 0x20) || c == 0x85 || c == 0xa0 || c == 0x1680 ||
         (c >= 0x2000 && c <= 0x200a) || c == 0x2028 || c == 0x2029 || c == 0x202f || c == 0x205f ||
         c == 0x3000;
}

bool is_in(CharacterClass wanted, char32_t c) {
  const std::span<const table::Range> ranges = table::ranges(wanted);
  const auto r = std::ranges::lower_bound(ranges, c, {}, &table::Range::last);
  return r != ranges.end() && r->first <= c;
}

std::string_view strip_right(std::string_view s) {
  while (!s.empty()) {
    size_t begin = s.size() - 1;
    while (begin > 0 && (static_cast<unsigned char>(s[begin]) & 0xc0) == 0x80) --begin;
    size_t at = begin;
    if (!is_space(read_character(s, at))) break;
    s = s.substr(0, begin);
  }
  return s;
}

void append_upper(std::string& to, char32_t c) {
  append_mapped(to, c, table::upper(), table::special_upper());
}
void append_lower(std::string& to, char32_t c) {
  append_mapped(to, c, table::lower(), table::special_lower());
}
void append_title(std::string& to, char32_t c) {
  append_mapped(to, c, table::title(), table::special_title());
}

void append_fold(std::string& to, char32_t c) { append_mapped(to, c, table::fold(), table::special_fold()); }

}  // namespace quire::jinja
