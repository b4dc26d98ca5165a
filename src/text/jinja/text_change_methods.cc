// The methods of strings that change their characters: case, white space, padding, replacing.
#include <algorithm>

#include "text/jinja/interpreter.h"
#include "text/jinja/markup.h"
#include "text/jinja/print.h"
#include "text/jinja/text_methods.h"
#include "text/jinja/unicode.h"

namespace quire::jinja {
namespace {

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
  const Bound b("strip", a, {"/chars"});
  in.budget().scan(self_text(self).bytes.size());
  return in.text(stripped(self_text(self), optional_text(b, 0, "strip's argument"), side));
}

Value replace(Interpreter& in, const Value& self, const Arguments& a) {
  const Bound b("replace", a, {"/old", "/new", "/count"}, 2);
  const Text& text = self_text(self);
  const Text by = text.markup ? escaped(*to_text(in.budget(), b[1]).text())
                              : need_text(b[1], "replace's second argument");
  return in.text(
      replaced(in.budget(), text, need_text(b[0], "replace's first argument"), by, b.integer(2, -1)));
}

template <bool at_end>
Value without_affix(Interpreter& in, const Value& self, const Arguments& a) {
  const Bound b(at_end ? "removesuffix" : "removeprefix", a, {"/affix"}, 1);
  const Text& t = self_text(self);
  const size_t n = need_text(b[0], "an affix").bytes.size();
  const std::string_view s = t.bytes;
  if (n == 0 || !(at_end ? s.ends_with(b[0].text()->bytes) : s.starts_with(b[0].text()->bytes))) return self;
  return in.text(at_end ? part(t, 0, s.size() - n) : part(t, n, s.size()));
}

Value zfill(Interpreter& in, const Value& self, const Arguments& a) {
  const Bound b("zfill", a, {"/width"}, 1);
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
  const Bound b("just", a, {"/width", "/fillchar"}, 1);
  const Text fill = !b.has(1)                ? Text{" ", {}}
                    : self_text(self).markup ? escaped(*to_text(in.budget(), b[1]).text())
                                             : need_text(b[1], "the fill character");
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

Value translate(Interpreter& in, const Value& self, const Arguments& a) {
  const Bound b("translate", a, {"/table"}, 1);
  const Text& from = self_text(self);
  Text to;
  for (size_t at = 0; at < from.bytes.size();) {
    const size_t begin = at;
    const char32_t c = read_character(from.bytes, at);
    in.budget().charge();
    if (!b[0].dictionary() && !b[0].text() && !(b[0].sequence() && is_indexed(*b[0].sequence())))
      fail("'" + type_name(b[0]) + "' object is not subscriptable");
    const Value found = in.item(b[0], static_cast<int64_t>(c));
    if (found.is_undefined()) {
      append(to, from, begin, at);
    } else if (found.text()) {
      append(to, *found.text());
    } else if (!found.is_none()) {
      const int64_t code = need_integer(found, "what a character becomes");
      if (code < 0 || code > 0x10ffff || (code >= 0xd800 && code < 0xe000))
        fail("character mapping must be in range(0x110000)");
      std::string piece;
      append_character(piece, static_cast<char32_t>(code));
      append(to, piece, is_plain(from, begin));
    }
    in.budget().check_text(to.bytes.size());
  }
  return in.text(std::move(to));
}

constexpr TextMethod kMethods[] = {{"upper", changed<upper>, true},
                                   {"lower", changed<lower>, true},
                                   {"casefold", changed<fold_case>, true},
                                   {"capitalize", changed<capitalize>, true},
                                   {"title", changed<title_case>, true},
                                   {"swapcase", changed<swap_case>, true},
                                   {"strip", strip<Side::kBoth>, true},
                                   {"lstrip", strip<Side::kLeft>, true},
                                   {"rstrip", strip<Side::kRight>, true},
                                   {"replace", replace, true},
                                   {"removeprefix", without_affix<false>, true},
                                   {"removesuffix", without_affix<true>, true},
                                   {"zfill", zfill, true},
                                   {"center", padded<Side::kBoth>, true},
                                   {"ljust", padded<Side::kLeft>, true},
                                   {"rjust", padded<Side::kRight>, true},
                                   {"expandtabs", expand_tabs, true},
                                   {"translate", translate, true}};

}  // namespace

std::span<const TextMethod> change_methods() { return kMethods; }

}  // namespace quire::jinja
