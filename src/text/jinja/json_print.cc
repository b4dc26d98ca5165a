// The filter tojson: json.dumps with transformers' defaults (no HTML escapes, non-ASCII as it is).
#include <algorithm>
#include <cmath>
#include <cstdio>

#include "text/jinja/print.h"

namespace quire::jinja {
namespace {

void append_string(const Text& text, bool ensure_ascii, Text& to) {
  append(to, "\"");
  for (size_t at = 0; at < text.bytes.size();) {
    const size_t begin = at;
    const char32_t c = read_character(text.bytes, at);
    char escaped[16] = "";
    constexpr std::string_view kFrom = "\"\\\n\r\t\f\b", kTo = "\"\\nrtfb";
    const size_t short_form = c < 0x80 ? kFrom.find(static_cast<char>(c)) : std::string_view::npos;
    if (short_form != std::string_view::npos) {
      std::snprintf(escaped, sizeof escaped, "\\%c", kTo[short_form]);
    } else if (c < 0x20 || (ensure_ascii && c >= 0x7f && c < 0x10000 && c != 0x7f)) {
      std::snprintf(escaped, sizeof escaped, "\\u%04x", static_cast<unsigned>(c));
    } else if (ensure_ascii && c >= 0x10000) {
      std::snprintf(escaped, sizeof escaped, "\\u%04x\\u%04x",
                    static_cast<unsigned>(0xd800 + ((c - 0x10000) >> 10)),
                    static_cast<unsigned>(0xdc00 + ((c - 0x10000) & 0x3ff)));
    }
    if (escaped[0]) append(to, escaped, is_plain(text, begin));
    else append(to, text, begin, at);
  }
  append(to, "\"");
}

class Printer {
 public:
  Printer(Budget& budget, const JsonStyle& style, Text& to) : budget_(budget), style_(style), to_(to) {}

  void value(const Value& v, size_t depth) {
    Level level(budget_);
    budget_.charge();
    budget_.check_text(to_.bytes.size());
    if (v.is_none()) return append(to_, "null");
    if (const bool* b = v.boolean()) return append(to_, *b ? "true" : "false");
    if (const double* d = v.real(); d && !std::isfinite(*d))
      return append(to_, std::isnan(*d) ? "NaN" : *d < 0 ? "-Infinity" : "Infinity");
    if (v.is_number()) return append_str(budget_, v, to_);
    if (const Text* t = v.text()) return append_string(*t, style_.ensure_ascii, to_);
    if (const Dictionary* d = v.dictionary()) return dictionary(*d, depth);
    const Sequence* s = v.sequence();
    if (!s || (s->kind != SequenceKind::kList && s->kind != SequenceKind::kTuple))
      fail("Object of type " + type_name(v) + " is not JSON serializable");
    if (s->items.empty()) return append(to_, "[]");
    append(to_, "[");
    for (size_t i = 0; i < s->items.size(); ++i) {
      between(i, depth + 1);
      value(s->items[i], depth + 1);
    }
    end(depth, "]");
  }

 private:
  void line(size_t depth) {
    append(to_, "\n");
    for (size_t i = 0; i < depth; ++i) append(to_, style_.indent);
  }
  void between(size_t i, size_t depth) {
    if (i) append(to_, style_.item_separator);
    if (style_.indented) line(depth);
  }
  void end(size_t depth, std::string_view bracket) {
    if (style_.indented) line(depth);
    append(to_, bracket);
  }

  Value key(const Value& k) {
    if (k.text()) return k;
    Text text;
    if (k.is_none() || k.is_number()) value(text, k);
    else fail("keys must be str, int, float, bool or None, not " + type_name(k));
    return make_text(budget_, std::move(text));
  }
  void value(Text& text, const Value& v) { Printer(budget_, style_, text).value(v, 0); }

  void dictionary(const Dictionary& d, size_t depth) {
    if (d.items.empty()) return append(to_, "{}");
    std::vector<std::pair<Value, Value>> items = d.items;
    if (style_.sort_keys)
      std::ranges::stable_sort(
          items, [&](const auto& a, const auto& b) { return compare(budget_, a.first, b.first, "<") < 0; });
    append(to_, "{");
    for (size_t i = 0; i < items.size(); ++i) {
      between(i, depth + 1);
      append_string(*key(items[i].first).text(), style_.ensure_ascii, to_);
      append(to_, style_.key_separator);
      value(items[i].second, depth + 1);
    }
    end(depth, "}");
  }

  Budget& budget_;
  const JsonStyle& style_;
  Text& to_;
};

}  // namespace

void append_json(Budget& budget, const Value& v, const JsonStyle& style, Text& to) {
  Printer(budget, style, to).value(v, 0);
}

}  // namespace quire::jinja
