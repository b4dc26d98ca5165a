#include "text/jinja/print.h"

#include <charconv>
#include <cmath>
#include <cstdio>

#include "text/jinja/object.h"
#include "text/jinja/unicode.h"

namespace quire::jinja {
namespace {

void append_text_repr(const Text& text, Text& to) {
  if (text.markup) append(to, "Markup(");
  const bool has_single = text.bytes.find('\'') != std::string::npos;
  const char quote = has_single && text.bytes.find('"') == std::string::npos ? '"' : '\'';
  append(to, std::string_view(&quote, 1));
  for (size_t at = 0; at < text.bytes.size();) {
    const size_t begin = at;
    const char32_t c = read_character(text.bytes, at);
    char escaped[16] = "";
    if (c == static_cast<char32_t>(quote) || c == '\\') {
      std::snprintf(escaped, sizeof escaped, "\\%c", static_cast<char>(c));
    } else if (c == '\n' || c == '\r' || c == '\t') {
      std::snprintf(escaped, sizeof escaped, "\\%c", c == '\n' ? 'n' : c == '\r' ? 'r' : 't');
    } else if (c < 0x20 || c == 0x7f || (c > 0x7f && !is_in(CharacterClass::kPrintable, c))) {
      const char* form = c < 0x100 ? "\\x%02x" : c < 0x10000 ? "\\u%04x" : "\\U%08x";
      std::snprintf(escaped, sizeof escaped, form,
                    static_cast<unsigned>(c));  // NOLINT: one of three constants
    }
    if (escaped[0]) append(to, escaped, is_plain(text, begin));
    else append(to, text, begin, at);
  }
  append(to, std::string_view(&quote, 1));
  if (text.markup) append(to, ")");
}

void append_all(Budget& budget, const Values& items, Text& to) {
  for (size_t i = 0; i < items.size(); ++i) {
    if (i) append(to, ", ");
    append_repr(budget, items[i], to);
  }
}

void append_names(Budget& budget, const std::vector<std::pair<std::string, Value>>& names, Text& to) {
  append(to, "{");
  for (size_t i = 0; i < names.size(); ++i) {
    append(to, (i ? ", '" : "'") + names[i].first + "': ");
    append_repr(budget, names[i].second, to);
  }
  append(to, "}");
}

void append_sequence(Budget& budget, const Sequence& s, Text& to) {
  switch (s.kind) {
    case SequenceKind::kList:
      append(to, "[");
      append_all(budget, s.items, to);
      return append(to, "]");
    case SequenceKind::kTuple:
      append(to, "(");
      append_all(budget, s.items, to);
      return append(to, s.items.size() == 1 ? ",)" : ")");
    case SequenceKind::kRange:
      return append(to, "range(" + std::to_string(s.start) + ", " + std::to_string(s.stop) +
                            (s.step == 1 ? "" : ", " + std::to_string(s.step)) + ")");
    case SequenceKind::kIterator:
      return append(to, "<generator object>");
    default:
      break;
  }
  append(to, s.kind == SequenceKind::kKeys     ? "dict_keys(["
             : s.kind == SequenceKind::kValues ? "dict_values(["
                                               : "dict_items([");
  append_all(budget, s.items, to);
  append(to, "])");
}

void append_object(Budget& budget, const Object& o, Text& to) {
  if (const Namespace* n = std::get_if<Namespace>(&o.is)) {
    append(to, "<Namespace ");
    append_names(budget, n->names, to);
    return append(to, ">");
  }
  if (const Macro* m = std::get_if<Macro>(&o.is))
    return append(to, m->name.empty() ? "<Macro anonymous>" : "<Macro '" + m->name + "'>");
  if (const Loop* l = std::get_if<Loop>(&o.is))
    return append(
        to, "<LoopContext " + std::to_string(l->index + 1) + '/' + std::to_string(l->items->size()) + '>');
  append(to, "<" + object_type_name(o) + ">");
}

}  // namespace

std::string float_repr(double v) {
  if (std::isnan(v)) return "nan";
  if (std::isinf(v)) return v < 0 ? "-inf" : "inf";
  char buffer[40];
  const auto end = std::to_chars(buffer, buffer + sizeof buffer, v, std::chars_format::scientific).ptr;
  std::string digits(buffer, end);
  const size_t e = digits.find('e');
  const int exponent = std::stoi(digits.substr(e + 1));
  if (exponent < -4 || exponent >= 16) {
    std::string power = std::to_string(std::abs(exponent));
    if (power.size() < 2) power = "0" + power;
    return digits.substr(0, e) + (exponent < 0 ? "e-" : "e+") + power;
  }
  const auto fixed = std::to_chars(buffer, buffer + sizeof buffer, v, std::chars_format::fixed).ptr;
  std::string text(buffer, fixed);
  return text.find('.') == std::string::npos ? text + ".0" : text;
}

void append_repr(Budget& budget, const Value& v, Text& to) {
  Level level(budget);
  budget.charge();
  budget.check_text(to.bytes.size());
  if (v.is_undefined()) append(to, "Undefined");
  else if (const Text* t = v.text()) append_text_repr(*t, to);
  else append_str(budget, v, to);
}

void append_str(Budget& budget, const Value& v, Text& to) {
  if (v.is_none()) {
    append(to, "None");
  } else if (const bool* b = v.boolean()) {
    append(to, *b ? "True" : "False");
  } else if (auto i = v.integer()) {
    append(to, std::to_string(*i));
  } else if (const BigInteger* big = v.big()) {
    append(to, big->digits);
  } else if (const double* d = v.real()) {
    append(to, float_repr(*d));
  } else if (const Text* t = v.text()) {
    append(to, *t);
  } else if (const Sequence* s = v.sequence()) {
    append_sequence(budget, *s, to);
  } else if (const Dictionary* dictionary = v.dictionary()) {
    append(to, "{");
    for (size_t k = 0; k < dictionary->items.size(); ++k) {
      if (k) append(to, ", ");
      append_repr(budget, dictionary->items[k].first, to);
      append(to, ": ");
      append_repr(budget, dictionary->items[k].second, to);
    }
    append(to, "}");
  } else if (const Object* o = v.object()) {
    append_object(budget, *o, to);
  }
  budget.check_text(to.bytes.size());
}

Value to_text(Budget& budget, const Value& v) {
  if (v.text()) return v;
  Text to;
  append_str(budget, v, to);
  return make_text(budget, std::move(to));
}

}  // namespace quire::jinja
