// The methods of strings that ask what characters they are made of.
#include <algorithm>

#include "text/jinja/interpreter.h"
#include "text/jinja/text_methods.h"
#include "text/jinja/unicode.h"

namespace quire::jinja {
namespace {

// Only characters of the class, and at least one.
template <CharacterClass... wanted>
Value all_are(Interpreter& in, const Value& self, const Arguments& a) {
  const Bound none("the method", a, {});
  const std::string& s = self_text(self).bytes;
  in.budget().scan(s.size());
  for (size_t at = 0; at < s.size();) {
    const char32_t c = read_character(s, at);
    if (!(is_in(wanted, c) || ...)) return false;
  }
  return !s.empty();
}

Value is_space_only(Interpreter&, const Value& self, const Arguments& a) {
  const Bound none("the method", a, {});
  const std::string& s = self_text(self).bytes;
  for (size_t at = 0; at < s.size();)
    if (!is_space(read_character(s, at))) return false;
  return !s.empty();
}
Value is_ascii(Interpreter&, const Value& self, const Arguments& a) {
  const Bound none("the method", a, {});
  return std::ranges::all_of(self_text(self).bytes,
                             [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}
Value is_printable(Interpreter& in, const Value& self, const Arguments& a) {
  const Bound none("the method", a, {});
  return self_text(self).bytes.empty() ? Value(true) : all_are<CharacterClass::kPrintable>(in, self, a);
}

template <CharacterClass wanted, CharacterClass other>
Value has_case(Interpreter&, const Value& self, const Arguments& a) {
  const Bound none("the method", a, {});
  const std::string& s = self_text(self).bytes;
  bool any = false;
  for (size_t at = 0; at < s.size();) {
    const char32_t c = read_character(s, at);
    if (is_in(other, c) || is_in(CharacterClass::kTitle, c)) return false;
    any |= is_in(wanted, c);
  }
  return any;
}

Value is_title(Interpreter&, const Value& self, const Arguments& a) {
  const Bound none("the method", a, {});
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

Value is_identifier(Interpreter&, const Value& self, const Arguments& a) {
  const Bound none("the method", a, {});
  const std::string& s = self_text(self).bytes;
  for (size_t at = 0; at < s.size();) {
    const bool first = at == 0;
    const char32_t c = read_character(s, at);
    if (c != '_' && !is_in(CharacterClass::kAlpha, c) && (first || !is_in(CharacterClass::kDecimal, c)))
      return false;
  }
  return !s.empty();
}

using C = CharacterClass;
constexpr TextMethod kMethods[] = {{"isalpha", all_are<C::kAlpha>},
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
                                   {"isidentifier", is_identifier}};

}  // namespace

std::span<const TextMethod> class_methods() { return kMethods; }

}  // namespace quire::jinja
