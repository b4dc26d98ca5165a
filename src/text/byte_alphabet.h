// GPT-2's alphabet of bytes: each byte stands for itself as the character of that number if it is a visible
// one of Latin-1 (! to ~, U+00A1 to U+00AC, U+00AE to U+00FF); the 68 others are U+0100, U+0101, ... in
// order. Source: openai/gpt-2, encoder.py, bytes_to_unicode.
#pragma once
#include <string>
#include <string_view>

namespace quire {

// Every byte of `text` as its character.
void append_in_byte_alphabet(std::string_view text, std::string& to);

// The bytes that the characters of `spelling` stand for; if one is not of the alphabet, `spelling` as it is.
void append_bytes_of(std::string_view spelling, std::string& to);

}  // namespace quire
