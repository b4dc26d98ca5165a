// Unicode's White_Space (PropList.txt): 25 characters, the same since Unicode 6.3.
#pragma once
#include <cstddef>
#include <string_view>

namespace quire {

bool is_white_space(char32_t c);

// Bytes of the white space character that begins at `at`, or that ends before it; 0: there is none.
size_t white_space_at(std::string_view text, size_t at);
size_t white_space_before(std::string_view text, size_t at);

}  // namespace quire
