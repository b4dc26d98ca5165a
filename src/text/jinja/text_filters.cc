// Filters that make strings.
#include <algorithm>

#include "text/jinja/attribute_path.h"
#include "text/jinja/filters.h"
#include "text/jinja/interpreter.h"
#include "text/jinja/markup.h"
#include "text/jinja/methods.h"
#include "text/jinja/operators.h"
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

Text like(const Text& from, Text made) {  // markup if `from` is
  made.markup = from.markup;
  return made;
}

template <Text (*change)(const Text&)>
Value changed(Interpreter& in, const Value& v, const Arguments& a) {
  const Bound none("filter", a, {});
  Value held;
  const Text& text = str(in, v, held);
  return in.text(like(text, change(text)));
}

bool begins_word(char c) { return std::string_view("-({[<").find(c) != std::string_view::npos; }

Text title(const Text& from) {  // jinja2's own idea of a word
  Text to;
  bool first = true;
  std::string piece;
  for (size_t at = 0; at < from.bytes.size();) {
    const size_t begin = at;
    const char32_t c = read_character(from.bytes, at);
    piece.clear();
    const bool splits = is_space(c) || (c < 0x80 && begins_word(static_cast<char>(c)));
    if (first && !splits) append_upper(piece, c);
    else append_lower(piece, c);
    append(to, piece, is_plain(from, begin));
    first = splits;
  }
  return to;
}

Value string(Interpreter& in, const Value& v, const Arguments& a) {
  const Bound none("string", a, {});
  return to_text(in.budget(), v);
}

Value title_filter(Interpreter& in, const Value& v, const Arguments& a) {
  const Bound none("title", a, {});
  Value held;
  return in.text(title(str(in, v, held)));
}

Value trim(Interpreter& in, const Value& v, const Arguments& a) {
  const Bound b("trim", a, {"chars"});
  Value held;
  const Text& text = str(in, v, held);
  const Text* characters = b.given(0) ? &need_text(b[0], "trim's argument") : nullptr;
  return in.text(like(text, stripped(text, characters, Side::kBoth)));
}

Value replace(Interpreter& in, const Value& v, const Arguments& a) {
  const Bound b("replace", a, {"old", "new", "count"}, 2);
  Value held, from, to;
  const Text& text = str(in, v, held);
  const int64_t most = b.given(2) ? need_integer(b[2], "count") : -1;
  return in.text(replaced(in.budget(), text, str(in, b[0], from), str(in, b[1], to), most));
}

Value center(Interpreter& in, const Value& v, const Arguments& a) {
  const Bound b("center", a, {"width"});
  Value held;
  const Text& text = str(in, v, held);
  return in.text(like(text, centered(in.budget(), text, b.integer(0, 80), {" ", {}})));
}

Value indent(Interpreter& in, const Value& v, const Arguments& a) {
  const Bound b("indent", a, {"width", "first", "blank"});
  Text by;
  if (b.has(0) && b[0].text()) by = *b[0].text();
  else by.bytes.assign(static_cast<size_t>(std::clamp<int64_t>(b.integer(0, 4), 0, 1 << 20)), ' ');
  Text text = need_text(v, "what is indented");
  append(text, "\n");
  in.budget().scan(text.bytes.size());
  const auto lines = lines_of(text, false);
  Text to;
  if (b.truth(1, false)) append(to, by);
  for (size_t i = 0; i < lines.size(); ++i) {
    if (i) append(to, "\n");
    if (i && (b.truth(2, false) || lines[i].begin < lines[i].end)) append(to, by);
    append(to, text, lines[i].begin, lines[i].end);
    in.budget().check_text(to.bytes.size());
  }
  return in.text(like(text, std::move(to)));
}

Value format(Interpreter& in, const Value& v, const Arguments& a) {
  if (!a.positional.empty() && !a.named.empty())
    fail("can't handle positional and keyword arguments at the same time");
  Value held;
  const Text& text = str(in, v, held);
  if (a.named.empty())
    return percent_format(in.budget(), text, make_sequence(in.budget(), SequenceKind::kTuple, a.positional));
  std::vector<std::pair<Value, Value>> named;
  named.reserve(a.named.size());
  for (const auto& [name, value] : a.named) named.emplace_back(in.text(name), value);
  return percent_format(in.budget(), text, make_dictionary(in.budget(), std::move(named)));
}

Value truncate(Interpreter& in, const Value& v, const Arguments& a) {
  const Bound b("truncate", a, {"length", "killwords", "end", "leeway"});
  const Text dots{"...", {}};
  const Text& end = b.has(2) ? need_text(b[2], "end") : dots;
  const int64_t length = b.integer(0, 255), leeway = b.given(3) ? need_integer(b[3], "leeway") : 5;
  const int64_t end_size = static_cast<int64_t>(count_characters(end.bytes));
  if (length < end_size)
    fail("expected length >= " + std::to_string(end_size) + ", got " + std::to_string(length));
  if (leeway < 0) fail("expected leeway >= 0, got " + std::to_string(leeway));
  const auto size = length_of(in.budget(), v);
  if (!size) fail("object of type '" + type_name(v) + "' has no len()");
  const int64_t n = static_cast<int64_t>(*size);
  if (n <= length || n - length <= leeway) return v;
  const Text& text = need_text(v, "what is truncated");
  size_t cut = character_offset(text.bytes, static_cast<size_t>(length - end_size));
  if (!b.truth(1, false)) {
    const size_t space = cut == 0 ? std::string::npos : text.bytes.rfind(' ', cut - 1);
    if (space != std::string::npos) cut = space;
  }
  return in.text(plus(like(text, part(text, 0, cut)), end));
}

Value wordcount(Interpreter& in, const Value& v, const Arguments& a) {
  const Bound none("wordcount", a, {});
  Value held;
  const Text& text = str(in, v, held);
  int64_t n = 0;
  bool in_word = false;
  for (size_t at = 0; at < text.bytes.size();) {
    const char32_t c = read_character(text.bytes, at);
    const bool word = c == '_' || is_in(CharacterClass::kAlpha, c) || is_in(CharacterClass::kNumeric, c);
    n += word && !in_word;
    in_word = word;
  }
  return n;
}

Value join(Interpreter& in, const Value& v, const Arguments& a) {
  const Bound b("join", a, {"d", "attribute"});
  Value held;
  const Text none;
  const Text& between = b.has(0) ? str(in, b[0], held) : none;
  Text to;
  bool first = true;
  for (const Value& item : items_of(in.budget(), v)) {
    if (!first) append(to, between);
    first = false;
    append_str(in.budget(), b.given(1) ? attribute_path(in, item, b[1]) : item, to);
    in.budget().check_text(to.bytes.size());
  }
  return in.text(std::move(to));
}

Value tojson(Interpreter& in, const Value& v, const Arguments& a) {
  const Bound b("tojson", a, {"ensure_ascii", "indent", "separators", "sort_keys"});
  JsonStyle style{.ensure_ascii = b.truth(0, false), .sort_keys = b.truth(3, false)};
  if (b.given(1)) {
    style.indented = true;
    style.item_separator.bytes = ",";
    if (const Text* t = b[1].text()) style.indent = t->bytes;
    else style.indent.assign(static_cast<size_t>(std::clamp<int64_t>(b.integer(1, 0), 0, 1 << 16)), ' ');
  }
  if (b.given(2)) {
    const Values two = items_of(in.budget(), b[2]);
    if (two.size() != 2) fail("separators must be two strings");
    style.item_separator = need_text(two[0], "a separator");
    style.key_separator = need_text(two[1], "a separator");
  }
  Text to;
  append_json(in.budget(), v, style, to);
  return in.text(std::move(to));
}

constexpr Filter kFilters[] = {{"upper", changed<upper>},
                               {"lower", changed<lower>},
                               {"capitalize", changed<capitalize>},
                               {"title", title_filter},
                               {"string", string},
                               {"trim", trim},
                               {"replace", replace},
                               {"center", center},
                               {"indent", indent},
                               {"format", format},
                               {"truncate", truncate},
                               {"wordcount", wordcount},
                               {"join", join},
                               {"tojson", tojson},
                               {"pprint", pprint},
                               {"wordwrap", wordwrap}};

}  // namespace

std::span<const Filter> text_filters() { return kFilters; }

}  // namespace quire::jinja
