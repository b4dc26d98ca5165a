// What HF tokenizers 0.23.3 takes each character for. The tables are asked of it (tools/text_goldens), since
// its libraries know different versions of Unicode, from 8 to 17; what they have in common is stated in the
// README there.
#pragma once
#include <algorithm>
#include <cstdint>
#include <span>

namespace quire {

bool is_bert_control(char32_t c);
bool is_nonspacing_mark(char32_t c);
bool is_mark(char32_t c);
bool is_punctuation(char32_t c);
bool is_number(char32_t c);
bool is_unknown_to_forms(char32_t c);

// The same number for characters of one script; -1: of none that is known.
int script_of(char32_t c);

struct CharacterRange {
  char32_t first, last;
};
struct ScriptRange {
  char32_t first, last;
  int script;
};

// The range of `ranges`, in order and disjoint, that holds `c`; null: none.
template <class Range>
const Range* range_of(std::span<const Range> ranges, char32_t c) {
  const auto after = std::ranges::upper_bound(ranges, c, {}, &Range::first);
  return after != ranges.begin() && c <= std::prev(after)->last ? &*std::prev(after) : nullptr;
}

}  // namespace quire
