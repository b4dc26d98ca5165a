// The methods of strings, as Python's str has them.
#include <algorithm>
#include <span>

#include "text/jinja/interpreter.h"
#include "text/jinja/methods.h"
#include "text/jinja/unicode.h"

namespace quire::jinja {
namespace {

const Text& self_text(const Value& self) { return *self.text(); }
const Text* optional_text(const Bound& b, size_t i, std::string_view what) {
  return b.given(i) ? &need_text(b[i], what) : nullptr;
}

template <Text (*change)(const Text&)>
Value changed(Interpreter& in, const Value& self, const Arguments& a) {
  const Bound none("method", a, {});
  in.budget().scan(self_text(self).bytes.size());
  return in.text(change(self_text(self)));
}

Text swap_case(const Text& from) {
  Text to;
  for (size_t at = 0; at < from.bytes.size();) {
    const size_t begin = at;
    const char32_t c = read_character(from.bytes, at);
    std::string piece;
    if (is_in(CharacterClass::kUpper, c)) append_lower(piece, c);
    else append_upper(piece, c);
    append(to, piece, is_plain(from, begin));
  }
  return to;
}

Text fold_case(const Text& from) {
  Text to;
  for (size_t at = 0; at < from.bytes.size();) {
    const size_t begin = at;
    std::string piece;
    append_fold(piece, read_character(from.bytes, at));
    append(to, piece, is_plain(from, begin));
  }
  return to;
}

Text title_case(const Text& from) {
  Text to;
  bool in_word = false;
  for (size_t at = 0; at < from.bytes.size();) {
    const size_t begin = at;
    const char32_t c = read_character(from.bytes, at);
    std::string piece;
    if (in_word) append_lower(piece, c);
    else append_title(piece, c);
    append(to, piece, is_plain(from, begin));
    in_word = is_in(CharacterClass::kCased, c);
  }
  return to;
}

template <Side side>
Value strip(Interpreter& in, const Value& self, const Arguments& a) {
  const Bound b("strip", a, {"chars"});
  in.budget().scan(self_text(self).bytes.size());
  return in.text(stripped(self_text(self), optional_text(b, 0, "strip's argument"), side));
}

std::vector<TextRange> words_of(const Text& t, int64_t most, bool from_right) {
  std::vector<TextRange> words;
  const std::string_view s = t.bytes;
  for (size_t at = 0; at < s.size();) {
    size_t begin = at;
    if (is_space(read_character(s, at))) continue;
    size_t end = at;
    while (end < s.size()) {
      size_t next = end;
      if (is_space(read_character(s, next))) break;
      end = next;
    }
    words.push_back({begin, end});
    at = end;
  }
  if (most < 0 || words.size() <= static_cast<size_t>(most)) return words;
  const size_t kept = static_cast<size_t>(most);
  const size_t joined = words.size() - kept;  // so many become one
  if (from_right) {
    words[joined - 1].begin = 0;
    words.erase(words.begin(), words.begin() + static_cast<ptrdiff_t>(joined - 1));
    words[0].end = words[0].begin + strip_right(s.substr(0, words[0].end)).size();
  } else {
    words[kept].end = s.size();
    words.resize(kept + 1);
  }
  return words;
}

std::vector<TextRange> split_at(Budget& budget, const Text& t, const Text& separator, int64_t most,
                                bool from_right) {
  if (separator.bytes.empty()) fail("empty separator");
  std::vector<TextRange> parts;
  const std::string_view s = t.bytes, sep = separator.bytes;
  if (!from_right) {
    size_t begin = 0;
    for (; most != 0; --most) {
      const size_t at = find_text(s, sep, begin);
      if (at == std::string_view::npos) break;
      parts.push_back({begin, at});
      begin = at + sep.size();
    }
    parts.push_back({begin, s.size()});
    return parts;
  }
  size_t end = s.size();
  for (; most != 0; --most) {
    const size_t at = end >= sep.size() ? s.substr(0, end).rfind(sep) : std::string_view::npos;
    budget.scan((end - (at == std::string_view::npos ? 0 : at)) * std::min<size_t>(sep.size(), 1024));
    if (at == std::string_view::npos) break;
    parts.push_back({at + sep.size(), end});
    end = at;
  }
  parts.push_back({0, end});
  std::ranges::reverse(parts);
  return parts;
}

Value list_of(Interpreter& in, const Text& t, const std::vector<TextRange>& parts) {
  Values all;
  for (const TextRange& r : parts) all.push_back(in.text(part(t, r.begin, r.end)));
  return make_list(in.budget(), std::move(all));
}

template <bool from_right>
Value split(Interpreter& in, const Value& self, const Arguments& a) {
  const Bound b("split", a, {"sep", "maxsplit"});
  const Text& t = self_text(self);
  in.budget().scan(t.bytes.size());
  const int64_t most = b.integer(1, -1);
  const Text* sep = optional_text(b, 0, "split's separator");
  return list_of(in, t,
                 sep ? split_at(in.budget(), t, *sep, most, from_right) : words_of(t, most, from_right));
}

Value splitlines(Interpreter& in, const Value& self, const Arguments& a) {
  const Bound b("splitlines", a, {"keepends"});
  in.budget().scan(self_text(self).bytes.size());
  return list_of(in, self_text(self), lines_of(self_text(self), b.truth(0, false)));
}

template <bool from_right>
Value partition(Interpreter& in, const Value& self, const Arguments& a) {
  const Bound b("partition", a, {"sep"}, 1);
  const Text& t = self_text(self);
  const auto parts = split_at(in.budget(), t, need_text(b[0], "partition's separator"), 1, from_right);
  Values three;
  if (parts.size() == 2) {
    three = {in.text(part(t, 0, parts[0].end)), b[0], in.text(part(t, parts[1].begin, t.bytes.size()))};
  } else if (from_right) {
    three = {in.text(""), in.text(""), self};
  } else {
    three = {self, in.text(""), in.text("")};
  }
  return make_sequence(in.budget(), SequenceKind::kTuple, std::move(three));
}

Value replace(Interpreter& in, const Value& self, const Arguments& a) {
  const Bound b("replace", a, {"old", "new", "count"}, 2);
  return in.text(replaced(in.budget(), self_text(self), need_text(b[0], "replace's first argument"),
                          need_text(b[1], "replace's second argument"), b.integer(2, -1)));
}

// The bytes of characters start..stop, as str.find and its like take them; nothing if start is past the end.
std::optional<TextRange> window(const Text& t, const Bound& b, size_t first) {
  const int64_t n = static_cast<int64_t>(count_characters(t.bytes));
  const auto place = [&](size_t i, int64_t otherwise) {
    if (!b.given(i)) return otherwise;
    const int64_t at = need_integer(b[i], "an index");
    return at < 0 ? std::max<int64_t>(0, std::max<int64_t>(at, -n - 1) + n) : at;
  };
  const int64_t start = place(first, 0), stop = std::min(place(first + 1, n), n);
  if (start > stop) return std::nullopt;
  return TextRange{character_offset(t.bytes, static_cast<size_t>(start)),
                   character_offset(t.bytes, static_cast<size_t>(stop))};
}

template <bool from_right, bool must>
Value find_in(Interpreter& in, const Value& self, const Arguments& a) {
  const Bound b("find", a, {"sub", "start", "end"}, 1);
  const Text& t = self_text(self);
  const std::string& what = need_text(b[0], "find's argument").bytes;
  in.budget().scan(from_right ? t.bytes.size() * std::min<size_t>(what.size() + 1, 1024) : t.bytes.size());
  size_t at = std::string_view::npos;
  if (const auto w = window(t, b, 1)) {
    const std::string_view s = std::string_view(t.bytes).substr(w->begin, w->end - w->begin);
    at = from_right ? s.rfind(what) : find_text(s, what, 0);
    if (at != std::string_view::npos)
      return static_cast<int64_t>(count_characters(std::string_view(t.bytes).substr(0, w->begin + at)));
  }
  if (must) fail("substring not found");
  return -1;
}

Value count(Interpreter& in, const Value& self, const Arguments& a) {
  const Bound b("count", a, {"sub", "start", "end"}, 1);
  const Text& t = self_text(self);
  const std::string& what = need_text(b[0], "count's argument").bytes;
  in.budget().scan(t.bytes.size());
  const auto w = window(t, b, 1);
  if (!w) return 0;
  const std::string_view s = std::string_view(t.bytes).substr(w->begin, w->end - w->begin);
  if (what.empty()) return static_cast<int64_t>(count_characters(s) + 1);
  int64_t n = 0;
  for (size_t at = 0; (at = find_text(s, what, at)) != std::string_view::npos; at += what.size()) ++n;
  return n;
}

template <bool at_end>
Value begins_or_ends(Interpreter& in, const Value& self, const Arguments& a) {
  const Bound b(at_end ? "endswith" : "startswith", a, {"affix", "start", "end"}, 1);
  const Text& t = self_text(self);
  in.budget().scan(t.bytes.size());
  const auto w = window(t, b, 1);
  Values affixes = {b[0]};
  if (b[0].sequence() && b[0].sequence()->kind == SequenceKind::kTuple) affixes = b[0].sequence()->items;
  bool holds = false;
  for (const Value& v : affixes) {
    const std::string& affix = need_text(v, "an affix").bytes;
    if (!w) continue;
    const std::string_view s = std::string_view(t.bytes).substr(w->begin, w->end - w->begin);
    holds |= at_end ? s.ends_with(affix) : s.starts_with(affix);
  }
  return holds;
}

template <bool at_end>
Value without_affix(Interpreter& in, const Value& self, const Arguments& a) {
  const Bound b(at_end ? "removesuffix" : "removeprefix", a, {"affix"}, 1);
  const Text& t = self_text(self);
  const size_t n = need_text(b[0], "an affix").bytes.size();
  const std::string_view s = t.bytes;
  if (n == 0 || !(at_end ? s.ends_with(b[0].text()->bytes) : s.starts_with(b[0].text()->bytes))) return self;
  return in.text(at_end ? part(t, 0, s.size() - n) : part(t, n, s.size()));
}

Value join(Interpreter& in, const Value& self, const Arguments& a) {
  const Bound b("join", a, {"iterable"}, 1);
  Text to;
  bool first = true;
  for (const Value& v : items_of(in.budget(), b[0])) {
    if (!v.text()) fail("sequence item: expected str instance, " + type_name(v) + " found");
    if (!first) append(to, self_text(self));
    first = false;
    append(to, *v.text());
    in.budget().check_text(to.bytes.size());
  }
  return in.text(std::move(to));
}

// Only characters of the class, and at least one.
template <CharacterClass... wanted>
Value all_are(Interpreter& in, const Value& self, const Arguments&) {
  const std::string& s = self_text(self).bytes;
  in.budget().scan(s.size());
  for (size_t at = 0; at < s.size();) {
    const char32_t c = read_character(s, at);
    if (!(is_in(wanted, c) || ...)) return false;
  }
  return !s.empty();
}

Value is_space_only(Interpreter&, const Value& self, const Arguments&) {
  const std::string& s = self_text(self).bytes;
  for (size_t at = 0; at < s.size();)
    if (!is_space(read_character(s, at))) return false;
  return !s.empty();
}
Value is_ascii(Interpreter&, const Value& self, const Arguments&) {
  return std::ranges::all_of(self_text(self).bytes,
                             [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}
Value is_printable(Interpreter& in, const Value& self, const Arguments& a) {
  return self_text(self).bytes.empty() ? Value(true) : all_are<CharacterClass::kPrintable>(in, self, a);
}

template <CharacterClass wanted, CharacterClass other>
Value has_case(Interpreter&, const Value& self, const Arguments&) {
  const std::string& s = self_text(self).bytes;
  bool any = false;
  for (size_t at = 0; at < s.size();) {
    const char32_t c = read_character(s, at);
    if (is_in(other, c) || is_in(CharacterClass::kTitle, c)) return false;
    any |= is_in(wanted, c);
  }
  return any;
}

Value is_title(Interpreter&, const Value& self, const Arguments&) {
  const std::string& s = self_text(self).bytes;
  bool any = false, in_word = false;
  for (size_t at = 0; at < s.size();) {
    const char32_t c = read_character(s, at);
    const bool up = is_in(CharacterClass::kUpper, c) || is_in(CharacterClass::kTitle, c);
    const bool low = is_in(CharacterClass::kLower, c);
    if ((up && in_word) || (low && !in_word)) return false;
    any |= up || low;
    in_word = up || low;
  }
  return any;
}

Value is_identifier(Interpreter&, const Value& self, const Arguments&) {
  const std::string& s = self_text(self).bytes;
  for (size_t at = 0; at < s.size();) {
    const bool first = at == 0;
    const char32_t c = read_character(s, at);
    if (c != '_' && !is_in(CharacterClass::kAlpha, c) && (first || !is_in(CharacterClass::kDecimal, c)))
      return false;
  }
  return !s.empty();
}

Value zfill(Interpreter& in, const Value& self, const Arguments& a) {
  const Bound b("zfill", a, {"width"}, 1);
  const Text& t = self_text(self);
  const int64_t pad = b.integer(0, 0) - static_cast<int64_t>(count_characters(t.bytes));
  if (pad <= 0) return self;
  in.budget().check_text(static_cast<uint64_t>(pad) + t.bytes.size());
  const size_t sign = t.bytes.starts_with('-') || t.bytes.starts_with('+') ? 1 : 0;
  Text to = part(t, 0, sign);
  append(to, std::string(static_cast<size_t>(pad), '0'));
  append(to, t, sign, t.bytes.size());
  return in.text(std::move(to));
}

template <Side side>
Value padded(Interpreter& in, const Value& self, const Arguments& a) {
  const Bound b("just", a, {"width", "fillchar"}, 1);
  const Text space{" ", {}};
  const Text* given = optional_text(b, 1, "the fill character");
  const Text& fill = given ? *given : space;
  if (count_characters(fill.bytes) != 1) fail("The fill character must be exactly one character long");
  const Text& t = self_text(self);
  if (side == Side::kBoth) return in.text(centered(in.budget(), t, b.integer(0, 0), fill));
  const int64_t pad = b.integer(0, 0) - static_cast<int64_t>(count_characters(t.bytes));
  if (pad > 0) in.budget().check_text(static_cast<uint64_t>(pad) + t.bytes.size());
  Text to;
  if (side == Side::kLeft) append(to, t);
  for (int64_t i = 0; i < pad; ++i) append(to, fill);
  if (side == Side::kRight) append(to, t);
  return in.text(std::move(to));
}

Value expand_tabs(Interpreter& in, const Value& self, const Arguments& a) {
  const Bound b("expandtabs", a, {"tabsize"});
  const int64_t size = std::clamp<int64_t>(b.integer(0, 8), 0, 1 << 20);
  const Text& t = self_text(self);
  Text to;
  int64_t column = 0;
  for (size_t at = 0; at < t.bytes.size();) {
    const size_t begin = at;
    const char32_t c = read_character(t.bytes, at);
    if (c == '\t') {
      const int64_t n = size > 0 ? size - column % size : 0;
      append(to, std::string(static_cast<size_t>(n), ' '), is_plain(t, begin));
      column += n;
      in.budget().check_text(to.bytes.size());
      continue;
    }
    column = c == '\n' || c == '\r' ? 0 : column + 1;
    append(to, t, begin, at);
  }
  return in.text(std::move(to));
}

struct Row {
  std::string_view name;
  Function::Call call;
};
using C = CharacterClass;
constexpr Row kMethods[] = {{"upper", changed<upper>},
                            {"lower", changed<lower>},
                            {"casefold", changed<fold_case>},
                            {"capitalize", changed<capitalize>},
                            {"title", changed<title_case>},
                            {"swapcase", changed<swap_case>},
                            {"strip", strip<Side::kBoth>},
                            {"lstrip", strip<Side::kLeft>},
                            {"rstrip", strip<Side::kRight>},
                            {"split", split<false>},
                            {"rsplit", split<true>},
                            {"splitlines", splitlines},
                            {"partition", partition<false>},
                            {"rpartition", partition<true>},
                            {"replace", replace},
                            {"find", find_in<false, false>},
                            {"rfind", find_in<true, false>},
                            {"index", find_in<false, true>},
                            {"rindex", find_in<true, true>},
                            {"count", count},
                            {"startswith", begins_or_ends<false>},
                            {"endswith", begins_or_ends<true>},
                            {"removeprefix", without_affix<false>},
                            {"removesuffix", without_affix<true>},
                            {"join", join},
                            {"format", format_with_braces},
                            {"isalpha", all_are<C::kAlpha>},
                            {"isdecimal", all_are<C::kDecimal>},
                            {"isdigit", all_are<C::kDigit>},
                            {"isnumeric", all_are<C::kNumeric>},
                            {"isalnum", all_are<C::kAlpha, C::kDecimal, C::kDigit, C::kNumeric>},
                            {"isspace", is_space_only},
                            {"isascii", is_ascii},
                            {"isprintable", is_printable},
                            {"isupper", has_case<C::kUpper, C::kLower>},
                            {"islower", has_case<C::kLower, C::kUpper>},
                            {"istitle", is_title},
                            {"isidentifier", is_identifier},
                            {"zfill", zfill},
                            {"center", padded<Side::kBoth>},
                            {"ljust", padded<Side::kLeft>},
                            {"rjust", padded<Side::kRight>},
                            {"expandtabs", expand_tabs}};

}  // namespace

Value text_method(std::string_view name, const Value& self) {
  for (const Row& row : kMethods)
    if (row.name == name) return make_object({Function{std::string(name), row.call, self}});
  return Value();
}

}  // namespace quire::jinja
