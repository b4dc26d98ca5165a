// The filter wordwrap: lines of at most so many characters, by the rules of Python's textwrap for where a
// line may break.
#include <algorithm>
#include <cmath>

#include "text/jinja/filters.h"
#include "text/jinja/interpreter.h"
#include "text/jinja/markup.h"
#include "text/jinja/methods.h"
#include "text/jinja/operators.h"
#include "text/jinja/unicode.h"

namespace quire::jinja {
namespace {

bool is_word(char32_t c) {
  return c == '_' || is_in(CharacterClass::kAlpha, c) || is_in(CharacterClass::kNumeric, c);
}
bool is_letter(char32_t c) { return is_word(c) && !is_in(CharacterClass::kDecimal, c); }
bool is_gap(char32_t c) { return (c >= 9 && c <= 13) || c == ' '; }

// One line of the text in characters, with the byte where each begins.
struct Line {
  explicit Line(std::string_view bytes) {
    for (size_t at = 0; at < bytes.size();) {
      offsets.push_back(at);
      text += read_character(bytes, at);
    }
    offsets.push_back(bytes.size());
  }
  char32_t operator[](size_t i) const { return i < text.size() ? text[i] : U' '; }  // past the end: a gap
  bool letter(size_t i) const { return i < text.size() && is_letter(text[i]); }
  bool hyphen(size_t i) const { return i < text.size() && text[i] == '-'; }
  size_t after_hyphens(size_t i) const {
    while (hyphen(i)) ++i;
    return i;
  }
  bool dash(size_t i) const {  // at i: two hyphens or more, then a word
    const size_t end = after_hyphens(i);
    return end >= i + 2 && end < text.size() && is_word(text[end]);
  }
  bool word_before(size_t i) const {
    return i > 0 && (is_word(text[i - 1]) ||
                     std::u32string_view(U"!\"'&.,?").find(text[i - 1]) != std::u32string_view::npos);
  }

  std::u32string text;
  std::vector<size_t> offsets;
};

struct Chunk {
  size_t begin, end;  // characters
  size_t size() const { return end - begin; }
};

// Where the hyphen at i ends a chunk: between letters.
bool breaks_after(const Line& line, size_t i) {
  if (!line.hyphen(i)) return false;
  const bool before = i >= 2 && ((line.letter(i - 1) && line.letter(i - 2)) ||
                                 (i >= 3 && line.letter(i - 1) && line.hyphen(i - 2) && line.letter(i - 3)));
  return before && line.letter(i + 1) && (line.letter(i + 2) || (line.hyphen(i + 2) && line.letter(i + 3)));
}

std::vector<Chunk> chunks_of(const Line& line, bool at_hyphens) {
  std::vector<Chunk> chunks;
  const size_t n = line.text.size();
  for (size_t begin = 0; begin < n;) {
    size_t end = begin + 1;
    if (is_gap(line[begin])) {
      while (end < n && is_gap(line[end])) ++end;
    } else if (!at_hyphens) {
      while (!is_gap(line[end])) ++end;
    } else if (line.word_before(begin) && line.dash(begin)) {
      end = line.after_hyphens(begin);
    } else {
      while (!is_gap(line[end]) && !breaks_after(line, end) && !(line.word_before(end) && line.dash(end)))
        ++end;
      if (breaks_after(line, end)) ++end;
    }
    chunks.push_back({begin, end});
    begin = end;
  }
  return chunks;
}

struct Wrapping {
  size_t width;
  bool fraction;  // the width was
  bool break_words, at_hyphens, break_at_hyphens;
};

// Where a chunk that no line can hold is cut.
size_t cut_of(const Line& line, const Chunk& chunk, size_t left, bool at_hyphens) {
  if (!at_hyphens || chunk.size() <= left) return std::min(left, chunk.size());
  for (size_t i = left; i-- > 1;) {
    if (!line.hyphen(chunk.begin + i)) continue;
    const auto other = [&](size_t k) { return !line.hyphen(chunk.begin + k); };
    for (size_t k = 0; k < i; ++k)
      if (other(k)) return i + 1;
    break;
  }
  return left;
}

void wrap(Interpreter& in, const Text& from, const Wrapping& how, Values& lines) {
  const Line line(from.bytes);
  std::vector<Chunk> chunks = chunks_of(line, how.at_hyphens);
  std::ranges::reverse(chunks);
  const auto blank = [&](const Chunk& c) {
    return std::all_of(line.text.begin() + static_cast<ptrdiff_t>(c.begin),
                       line.text.begin() + static_cast<ptrdiff_t>(c.end), is_space);
  };
  const size_t first_line = lines.size();
  while (!chunks.empty()) {
    in.budget().charge();
    std::vector<Chunk> now;
    size_t size = 0;
    if (lines.size() > first_line && blank(chunks.back())) chunks.pop_back();
    while (!chunks.empty() && size + chunks.back().size() <= how.width) {
      size += chunks.back().size();
      now.push_back(chunks.back());
      chunks.pop_back();
    }
    if (!chunks.empty() && chunks.back().size() > how.width) {
      Chunk& chunk = chunks.back();
      if (how.break_words) {
        if (how.fraction) fail("slice indices must be integers, and this width is not");
        const size_t cut = cut_of(line, chunk, how.width - size, how.break_at_hyphens);
        now.push_back({chunk.begin, chunk.begin + cut});
        chunk.begin += cut;
      } else if (now.empty()) {
        now.push_back(chunk);
        chunks.pop_back();
      }
    }
    if (!now.empty() && blank(now.back())) now.pop_back();
    if (!now.empty())
      lines.push_back(in.text(part(from, line.offsets[now.front().begin], line.offsets[now.back().end])));
  }
}

}  // namespace

Value wordwrap(Interpreter& in, const Value& v, const Arguments& a) {
  const Bound b("wordwrap", a, {"width", "break_long_words", "wrapstring", "break_on_hyphens"});
  const Text& text = need_text(v, "what is wrapped");
  const Text newline{"\n", {}};
  const Text& between = b.given(2) ? need_text(b[2], "wrapstring") : newline;
  if (text.bytes.empty()) return in.text("");
  const bool fraction = b.has(0) && b[0].real();
  const int64_t width =
      fraction ? *integer_of(std::clamp(std::floor(*b[0].real()), -1e9, 1e9)).integer() : b.integer(0, 79);
  const bool* exactly = b.has(3) ? b[3].boolean() : nullptr;
  const bool at_hyphens = !b.has(3) || is_true(b[3]);
  in.budget().charge(1 + text.bytes.size() / 64);
  Values paragraphs;
  for (const TextRange& range : lines_of(text, false)) {
    if (width <= 0) fail("invalid width " + std::to_string(width) + " (must be > 0)");
    Values lines;
    wrap(in, part(text, range.begin, range.end),
         {static_cast<size_t>(width), fraction, b.truth(1, true), b.has(3) ? exactly && *exactly : true,
          at_hyphens},
         lines);
    paragraphs.push_back(in.text(joined(in.budget(), between, lines)));
  }
  return in.text(joined(in.budget(), between, paragraphs));
}

}  // namespace quire::jinja
