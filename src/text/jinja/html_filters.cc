// Filters about HTML and addresses: escaping and what undoes it.
#include <algorithm>

#include "text/jinja/filters.h"
#include "text/jinja/html_entities.h"
#include "text/jinja/interpreter.h"
#include "text/jinja/markup.h"
#include "text/jinja/methods.h"
#include "text/jinja/print.h"
#include "text/jinja/unicode.h"

namespace quire::jinja {
namespace {

// str() of what the filter is applied to; lives as long as `held`.
const Text& str(Interpreter& in, const Value& v, Value& held) {
  held = to_text(in.budget(), v);
  in.budget().scan(held.text()->bytes.size());
  return *held.text();
}

Value escape(Interpreter& in, const Value& v, const Arguments& a) {
  const Bound none("escape", a, {});
  Value held;
  return in.text(escaped(str(in, v, held)));
}

Value force_escape(Interpreter& in, const Value& v, const Arguments& a) {
  const Bound none("forceescape", a, {});
  Value held;
  return in.text(escape_html(str(in, v, held)));
}

Value safe(Interpreter& in, const Value& v, const Arguments& a) {
  const Bound none("safe", a, {});
  return as_markup(in.budget(), to_text(in.budget(), v));
}

Value xmlattr(Interpreter& in, const Value& v, const Arguments& a) {
  const Bound b("xmlattr", a, {"autospace"});
  refuse_undefined(v);
  if (!v.dictionary()) fail("xmlattr needs a mapping, got '" + type_name(v) + "'");
  Text to;
  for (const auto& [key, value] : v.dictionary()->items) {
    if (value.is_none() || value.is_undefined()) continue;
    const Text& name = need_text(key, "the name of an attribute");
    if (name.bytes.find_first_of(" \t\n\r\f\v/>=") != std::string::npos)
      fail("Invalid character in attribute name: '" + name.bytes + "'");
    if (!to.bytes.empty() || b.truth(0, true)) append(to, " ");
    append(to, escaped(name));
    append(to, "=\"");
    Value held;
    append(to, escaped(str(in, value, held)));
    append(to, "\"");
    in.budget().check_text(to.bytes.size());
  }
  return in.text(std::move(to));
}

Text without_tags(const Text& from) {
  const std::string_view s = from.bytes;
  Text to;
  size_t at = 0;
  for (;;) {
    const size_t start = s.find('<', at);
    if (start == std::string_view::npos) break;
    const bool comment = s.substr(start).starts_with("<!--");
    const size_t end = comment ? s.find("-->", start + 4) : s.find('>', start);
    if (end == std::string_view::npos) break;  // never closed: text
    append(to, from, at, start);
    at = end + (comment ? 3 : 1);
  }
  append(to, from, at, s.size());
  return to;
}

Text single_spaced(const Text& from) {
  Text to;
  bool space = false;
  for (size_t at = 0; at < from.bytes.size();) {
    const size_t begin = at;
    if (is_space(read_character(from.bytes, at))) {
      space = true;
      continue;
    }
    if (space && !to.bytes.empty()) append(to, " ");
    space = false;
    append(to, from, begin, at);
  }
  return to;
}

// The character of "#38" or "#x26": nothing where HTML has none.
std::string numbered_character(std::string_view digits, bool hexadecimal) {
  uint64_t n = 0;
  for (char c : digits) {
    const int digit = c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10;
    n = std::min<uint64_t>(n * (hexadecimal ? 16 : 10) + static_cast<uint64_t>(digit), 0x110000);
  }
  char32_t c = static_cast<char32_t>(n);
  const auto other = std::ranges::lower_bound(html_numbers(), c, {}, &HtmlNumber::written);
  const bool control = c < 0x20 || (c >= 0x7f && c < 0xa0);
  if (other != html_numbers().end() && other->written == c) c = other->meant;
  else if ((c >= 0xd800 && c < 0xe000) || c > 0x10ffff) c = 0xfffd;
  else if ((control && c != '\t' && c != '\n' && c != '\f') || (c >= 0xfdd0 && c < 0xfdf0) ||
           (c & 0xfffe) == 0xfffe)
    return "";
  std::string to;
  append_character(to, c);
  return to;
}

const HtmlEntity* find_entity(std::string_view name) {
  const auto place = std::ranges::lower_bound(html_entities(), name, {}, &HtmlEntity::name);
  return place != html_entities().end() && place->name == name ? &*place : nullptr;
}

// What stands after a & at `at` turned into a character, as html.unescape; `at` moves past what was read.
void unescape_one(const Text& from, size_t& at, Text& to) {
  const std::string_view s = from.bytes;
  const bool plain = is_plain(from, at - 1);
  if (at < s.size() && s[at] == '#') {
    const bool hexadecimal = at + 1 < s.size() && (s[at + 1] | 0x20) == 'x';
    const size_t begin = at + (hexadecimal ? 2 : 1);
    const size_t end =
        std::min(s.find_first_not_of(hexadecimal ? "0123456789abcdefABCDEF" : "0123456789", begin), s.size());
    if (end <= begin) return append(to, from, at - 1, at);
    at = end + (end < s.size() && s[end] == ';');
    return append(to, numbered_character(s.substr(begin, end - begin), hexadecimal), plain);
  }
  size_t end = at;
  for (int n = 0;
       n < 32 && end < s.size() && std::string_view("\t\n\f <&#;").find(s[end]) == std::string_view::npos;
       ++n)
    read_character(s, end);
  if (end == at) return append(to, from, at - 1, at);
  if (end < s.size() && s[end] == ';') ++end;
  for (size_t length = end - at; length > 1; --length) {
    const HtmlEntity* entity = find_entity(s.substr(at, length));
    if (!entity) continue;
    append(to, entity->text, plain);
    append(to, from, at + length, end);
    at = end;
    return;
  }
  append(to, from, at - 1, end);
  at = end;
}

Value striptags(Interpreter& in, const Value& v, const Arguments& a) {
  const Bound none("striptags", a, {});
  Value held;
  in.budget().charge(str(in, v, held).bytes.size() / 64);
  const Text text = single_spaced(without_tags(str(in, v, held)));
  Text to;
  for (size_t at = 0; at < text.bytes.size();) {
    const size_t ampersand = std::min(text.bytes.find('&', at), text.bytes.size());
    append(to, text, at, ampersand);
    at = ampersand + 1;
    if (ampersand < text.bytes.size()) unescape_one(text, at, to);
  }
  return in.text(std::move(to));
}

void quote(const Text& from, bool for_query, Text& to) {
  for (size_t at = 0; at < from.bytes.size(); ++at) {
    const char c = from.bytes[at];
    const bool kept = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                      std::string_view("_.-~").find(c) != std::string_view::npos || (c == '/' && !for_query);
    constexpr std::string_view kHex = "0123456789ABCDEF";
    const auto byte = static_cast<unsigned char>(c);
    const char escaped[] = {'%', kHex[byte >> 4], kHex[byte & 15]};
    if (kept) append(to, from, at, at + 1);
    else if (c == ' ' && for_query) append(to, "+", is_plain(from, at));
    else append(to, std::string_view(escaped, 3), is_plain(from, at));
  }
}

Value urlencode(Interpreter& in, const Value& v, const Arguments& a) {
  const Bound none("urlencode", a, {});
  Text to;
  Value held;
  if (v.text() || (!v.dictionary() && !v.sequence())) {
    quote(str(in, v, held), false, to);
    return in.text(std::move(to));
  }
  const Value pairs = v.dictionary() ? in.call(in.attribute(v, "items"), {}) : v;
  bool first = true;
  for (const Value& pair : items_of(in.budget(), pairs)) {
    const Values two = items_of(in.budget(), pair);
    if (two.size() != 2) fail("urlencode needs pairs of key and value");
    if (!first) append(to, "&");
    first = false;
    quote(str(in, two[0], held), true, to);
    append(to, "=");
    quote(str(in, two[1], held), true, to);
  }
  return in.text(std::move(to));
}

constexpr Filter kFilters[] = {{"e", escape},      {"escape", escape},       {"forceescape", force_escape},
                               {"safe", safe},     {"striptags", striptags}, {"urlencode", urlencode},
                               {"urlize", urlize}, {"xmlattr", xmlattr}};

}  // namespace

std::span<const Filter> html_filters() { return kFilters; }

}  // namespace quire::jinja
