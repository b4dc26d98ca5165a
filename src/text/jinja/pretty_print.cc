// The filter pprint: Python's pprint.pformat with lines of 80 characters and sorted dictionaries.
#include <algorithm>

#include "text/jinja/filters.h"
#include "text/jinja/interpreter.h"
#include "text/jinja/methods.h"
#include "text/jinja/print.h"
#include "text/jinja/unicode.h"

namespace quire::jinja {
namespace {

constexpr int64_t kWidth = 80;

int64_t width_of(const Text& t) { return static_cast<int64_t>(count_characters(t.bytes)); }

class Printer {
 public:
  explicit Printer(Interpreter& in) : in_(in) {}

  // `indent` columns are taken on the left; `allowance` are wanted on the right by what closes around it.
  void add(const Value& v, int64_t indent, int64_t allowance, int level, Text& to) {
    Level nesting(in_.budget());
    in_.budget().check_text(to.bytes.size());
    const Text one_line = repr(v);
    const Sequence* s = v.sequence();
    const bool list = s && (s->kind == SequenceKind::kList || s->kind == SequenceKind::kTuple) && !s->group;
    const bool breaks = v.dictionary() || list || (v.text() && !v.text()->markup);
    if (!breaks || width_of(one_line) <= kWidth - indent - allowance) return append(to, one_line);
    if (v.dictionary()) return add_dictionary(*v.dictionary(), indent, allowance, level + 1, to);
    if (v.text()) return add_text(*v.text(), one_line, indent, allowance, level + 1, to);
    const bool tuple = s->kind == SequenceKind::kTuple;
    const std::string_view close = !tuple ? "]" : s->items.size() == 1 ? ",)" : ")";
    append(to, tuple ? "(" : "[");
    add_items(s->items, indent, allowance + static_cast<int64_t>(close.size()), level + 1, to);
    append(to, close);
  }

 private:
  using Member = std::pair<Value, Value>;

  // Keys that Python cannot compare go by the names of their types.
  bool before(const Value& a, const Value& b) {
    refuse_undefined(a);
    refuse_undefined(b);
    const bool numbers = a.is_number() && b.is_number(), texts = a.text() && b.text();
    if (numbers || texts) return ordered(in_.budget(), "<", a, b);
    if (a.sequence() && b.sequence()) {
      try {
        return compare(in_.budget(), a, b, "<") < 0;
      } catch (const Failure&) {
        return false;  // Python goes by their addresses
      }
    }
    return type_name(a) < type_name(b);
  }

  std::vector<Member> sorted(const Dictionary& d) {
    std::vector<Member> items = d.items;
    std::ranges::stable_sort(items,
                             [&](const Member& a, const Member& b) { return before(a.first, b.first); });
    return items;
  }

  // repr() with dictionaries sorted.
  Text repr(const Value& v) {
    Text to;
    add_repr(v, to);
    return to;
  }
  void add_repr(const Value& v, Text& to) {
    Level nesting(in_.budget());
    in_.budget().check_text(to.bytes.size());
    const Sequence* s = v.sequence();
    if (const Dictionary* d = v.dictionary()) {
      append(to, "{");
      bool first = true;
      for (const Member& m : sorted(*d)) {
        if (!std::exchange(first, false)) append(to, ", ");
        add_repr(m.first, to);
        append(to, ": ");
        add_repr(m.second, to);
      }
      append(to, "}");
    } else if (s && (s->kind == SequenceKind::kList || s->kind == SequenceKind::kTuple) && !s->group) {
      const bool tuple = s->kind == SequenceKind::kTuple;
      append(to, tuple ? "(" : "[");
      for (size_t i = 0; i < s->items.size(); ++i) {
        if (i) append(to, ", ");
        add_repr(s->items[i], to);
      }
      append(to, !tuple ? "]" : s->items.size() == 1 ? ",)" : ")");
    } else {
      append_repr(in_.budget(), v, to);
    }
  }

  static void new_line(int64_t indent, Text& to) {
    append(to, "\n" + std::string(static_cast<size_t>(indent), ' '));
  }

  void add_items(const Values& items, int64_t indent, int64_t allowance, int level, Text& to) {
    for (size_t i = 0; i < items.size(); ++i) {
      if (i) append(to, ","), new_line(indent + 1, to);
      add(items[i], indent + 1, i + 1 == items.size() ? allowance : 1, level, to);
    }
  }

  void add_dictionary(const Dictionary& d, int64_t indent, int64_t allowance, int level, Text& to) {
    append(to, "{");
    const std::vector<Member> items = sorted(d);
    for (size_t i = 0; i < items.size(); ++i) {
      const Text key = repr(items[i].first);
      if (i) append(to, ","), new_line(indent + 1, to);
      append(to, key);
      append(to, ": ");
      add(items[i].second, indent + 1 + width_of(key) + 2, i + 1 == items.size() ? allowance + 1 : 1, level,
          to);
    }
    append(to, "}");
  }

  Text repr(const Text& text) {
    Text to;
    append_repr(in_.budget(), in_.text(text), to);
    return to;
  }

  // A long string becomes several, broken after line ends and white space.
  void add_text(const Text& text, const Text& one_line, int64_t indent, int64_t allowance, int level,
                Text& to) {
    if (level == 1) ++indent, ++allowance;
    const int64_t width = kWidth - indent;
    const std::vector<TextRange> lines = lines_of(text, true);
    std::vector<Text> chunks;
    for (size_t i = 0; i < lines.size(); ++i) {
      const Text line = part(text, lines[i].begin, lines[i].end);
      const bool last = i + 1 == lines.size();
      Text whole = repr(line);
      if (width_of(whole) <= width - (last ? allowance : 0)) chunks.push_back(std::move(whole));
      else add_words(line, width, last ? allowance : 0, chunks);
    }
    if (lines.empty()) return append(to, one_line);
    if (chunks.size() == 1) return append(to, lines.size() == 1 ? one_line : chunks[0]);
    if (level == 1) append(to, "(");
    for (size_t i = 0; i < chunks.size(); ++i) {
      if (i) new_line(indent, to);
      append(to, chunks[i]);
    }
    if (level == 1) append(to, ")");
  }

  void add_words(const Text& line, int64_t width, int64_t allowance, std::vector<Text>& chunks) {
    const std::string_view s = line.bytes;
    Text current;
    for (size_t at = 0; at < s.size();) {
      const size_t begin = at;
      while (at < s.size() && !space_at(s, at)) read_character(s, at);
      while (at < s.size() && space_at(s, at)) read_character(s, at);
      Text candidate = current;
      append(candidate, line, begin, at);
      in_.budget().scan(candidate.bytes.size());
      if (width_of(repr(candidate)) > width - (at == s.size() ? allowance : 0)) {
        if (!current.bytes.empty()) chunks.push_back(repr(current));
        current = part(line, begin, at);
      } else {
        current = std::move(candidate);
      }
    }
    if (!current.bytes.empty()) chunks.push_back(repr(current));
  }

  static bool space_at(std::string_view s, size_t at) { return is_space(read_character(s, at)); }

  Interpreter& in_;
};

}  // namespace

Value pprint(Interpreter& in, const Value& v, const Arguments& a) {
  const Bound none("pprint", a, {});
  Text to;
  Printer(in).add(v, 0, 0, 0, to);
  return in.text(std::move(to));
}

}  // namespace quire::jinja
