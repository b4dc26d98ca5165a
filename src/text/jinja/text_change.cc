// Strings into strings: case, white space, replacing. Each character keeps its origin.
#include <algorithm>

#include "text/jinja/methods.h"
#include "text/jinja/unicode.h"

namespace quire::jinja {
namespace {

constexpr char32_t kSigma = 0x3a3;

bool ignorable(char32_t c) {  // between letters: does not end a word, for the final sigma
  return c == '\'' || c == '.' || c == ':' || c == 0xad || c == 0xb7 || c == 0x2019 ||
         (c >= 0x300 && c < 0x370);
}

bool is_final_sigma(std::string_view bytes, size_t at, size_t after) {
  bool before = false;
  for (size_t i = at; i > 0;) {
    do --i;
    while (i > 0 && (static_cast<unsigned char>(bytes[i]) & 0xc0) == 0x80);
    size_t end = i;
    const char32_t c = read_character(bytes, end);
    if (ignorable(c)) continue;
    before = is_in(CharacterClass::kCased, c);
    break;
  }
  if (!before) return false;
  while (after < bytes.size()) {
    const char32_t c = read_character(bytes, after);
    if (ignorable(c)) continue;
    return !is_in(CharacterClass::kCased, c);
  }
  return true;
}

template <class Change>
Text changed(const Text& from, const Change& change) {
  Text to;
  std::string piece;
  for (size_t at = 0; at < from.bytes.size();) {
    const size_t begin = at;
    const char32_t c = read_character(from.bytes, at);
    piece.clear();
    change(piece, c, begin, at);
    append(to, piece, is_plain(from, begin));
  }
  return to;
}

void append_lower_at(std::string& to, std::string_view bytes, char32_t c, size_t begin, size_t end) {
  if (c == kSigma) append_character(to, is_final_sigma(bytes, begin, end) ? 0x3c2 : 0x3c3);
  else append_lower(to, c);
}

bool is_line_end(char32_t c) {
  return (c >= 10 && c <= 13) || (c >= 0x1c && c <= 0x1e) || c == 0x85 || c == 0x2028 || c == 0x2029;
}

}  // namespace

Text upper(const Text& from) {
  return changed(from, [](std::string& to, char32_t c, size_t, size_t) { append_upper(to, c); });
}

Text lower(const Text& from) {
  return changed(from, [&](std::string& to, char32_t c, size_t begin, size_t end) {
    append_lower_at(to, from.bytes, c, begin, end);
  });
}

Text capitalize(const Text& from) {
  return changed(from, [&](std::string& to, char32_t c, size_t begin, size_t end) {
    if (begin == 0) append_title(to, c);
    else append_lower_at(to, from.bytes, c, begin, end);
  });
}

Text centered(Budget& budget, const Text& from, int64_t width, const Text& fill) {
  const int64_t n = static_cast<int64_t>(count_characters(from.bytes));
  const int64_t pad = std::max<int64_t>(0, width - n);
  const int64_t left = pad / 2 + (pad & width & 1);
  budget.check_text(from.bytes.size() + static_cast<uint64_t>(pad));
  Text to;
  for (int64_t i = 0; i < left; ++i) append(to, fill);
  append(to, from);
  for (int64_t i = left; i < pad; ++i) append(to, fill);
  return to;
}

Text stripped(const Text& from, const Text* characters, Side side) {
  std::u32string set;
  if (characters)
    for (size_t at = 0; at < characters->bytes.size();) set += read_character(characters->bytes, at);
  std::ranges::sort(set);
  const auto goes = [&](char32_t c) {
    return characters ? std::binary_search(set.begin(), set.end(), c) : is_space(c);
  };
  const std::string_view bytes = from.bytes;
  size_t begin = 0, end = bytes.size();
  while (side != Side::kRight && begin < end) {
    size_t at = begin;
    if (!goes(read_character(bytes, at))) break;
    begin = at;
  }
  while (side != Side::kLeft && end > begin) {
    size_t last = end - 1;
    while (last > begin && (static_cast<unsigned char>(bytes[last]) & 0xc0) == 0x80) --last;
    size_t at = last;
    if (!goes(read_character(bytes, at))) break;
    end = last;
  }
  return part(from, begin, end);
}

Text replaced(Budget& budget, const Text& in, const Text& from, const Text& to, int64_t most) {
  Text all;
  size_t at = 0;
  budget.scan(in.bytes.size());
  for (; most != 0; --most) {
    size_t place = find_text(in.bytes, from.bytes, at);
    if (from.bytes.empty()) {  // before each character and at the end
      append(all, to);
      if (at >= in.bytes.size()) return all;
      place = at;
      read_character(in.bytes, at);
      append(all, in, place, at);
    } else {
      if (place == std::string_view::npos) break;
      append(all, in, at, place);
      append(all, to);
      at = place + from.bytes.size();
    }
    budget.check_text(all.bytes.size());
  }
  append(all, in, at, in.bytes.size());
  return all;
}

std::vector<TextRange> lines_of(const Text& text, bool keep_ends) {
  std::vector<TextRange> lines;
  size_t begin = 0;
  for (size_t at = 0; at < text.bytes.size();) {
    const size_t end = at;
    const char32_t c = read_character(text.bytes, at);
    if (!is_line_end(c)) continue;
    if (c == '\r' && at < text.bytes.size() && text.bytes[at] == '\n') ++at;
    lines.push_back({begin, keep_ends ? at : end});
    begin = at;
  }
  if (begin < text.bytes.size()) lines.push_back({begin, text.bytes.size()});
  return lines;
}

}  // namespace quire::jinja
