// A string that knows which of its bytes came from a user. Every way of making a text from others keeps
// that: pieces are appended with their marks.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "text/tokenizer.h"

namespace quire::jinja {

struct Text {
  std::string bytes;             // UTF-8
  std::vector<TextRange> plain;  // from a user: in order, disjoint, not touching, none empty
  bool markup = false;           // Python's Markup: HTML, which escapes what is put to it
};

void append(Text& to, std::string_view bytes, bool plain = false);
void append(Text& to, const Text& from);
void append(Text& to, const Text& from, size_t begin, size_t end);  // bytes of `from`
Text part(const Text& from, size_t begin, size_t end);
bool is_plain(const Text& text, size_t byte);

// Characters (code points), as Python counts them.
size_t count_characters(std::string_view bytes);
size_t character_offset(std::string_view bytes, size_t index);  // the byte where character `index` begins
char32_t read_character(std::string_view bytes, size_t& at);    // moves `at` past it
void append_character(std::string& to, char32_t c);

// The first place of `needle` at or after `from`; npos if there is none. Linear.
size_t find_text(std::string_view in, std::string_view needle, size_t from);

}  // namespace quire::jinja
