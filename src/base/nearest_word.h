// "Did you mean": the word of a list that is nearest to a misspelt one.
#pragma once
#include <span>
#include <string_view>

namespace quire {

// Empty if none is near: more than a third of the letters differ.
std::string_view nearest_word(std::string_view word, std::span<const std::string_view> known);

}  // namespace quire
