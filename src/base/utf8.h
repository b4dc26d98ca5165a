// UTF-8 as Unicode 15, table 3-7, defines it: no overlong forms, no surrogates, at most U+10FFFF.
#pragma once
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace quire {

// Bytes of the well-formed character that `s` begins with; 0: it does not begin with one.
size_t utf8_length(std::string_view s);

// Of a character that `s` does not begin with, or not wholly: the length of the maximal part of one, at
// least 1. What a lossy decoder turns into one U+FFFD (Unicode 15, section 3.9, "maximal subpart").
size_t utf8_bad_length(std::string_view s);

bool is_utf8(std::string_view s);

}  // namespace quire
