// The methods of strings that cut them into pieces or put them together.
#include <algorithm>

#include "text/jinja/interpreter.h"
#include "text/jinja/markup.h"
#include "text/jinja/print.h"
#include "text/jinja/text_methods.h"
#include "text/jinja/unicode.h"

namespace quire::jinja {
namespace {

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
  return list_of(in, self_text(self), lines_of(self_text(self), b.integer(0, 0) != 0));
}

template <bool from_right>
Value partition(Interpreter& in, const Value& self, const Arguments& a) {
  const Bound b("partition", a, {"/sep"}, 1);
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

Value join(Interpreter& in, const Value& self, const Arguments& a) {
  const Bound b("join", a, {"/iterable"}, 1);
  Values all;
  for (const Value& v : items_of(in.budget(), b[0])) {
    if (!v.text() && !self_text(self).markup)
      fail("sequence item: expected str instance, " + type_name(v) + " found");
    all.push_back(to_text(in.budget(), v));
  }
  return in.text(joined(in.budget(), self_text(self), all));
}

Value format_map(Interpreter& in, const Value& self, const Arguments& a) {
  const Bound b("format_map", a, {"/mapping"}, 1);
  Arguments named;
  if (const Dictionary* d = b[0].dictionary())
    for (const auto& [key, v] : d->items)
      if (key.text()) named.named.emplace_back(key.text()->bytes, v);
  return format_with_braces(in, self, named);
}

constexpr TextMethod kMethods[] = {
    {"split", split<false>, true},         {"rsplit", split<true>, true},
    {"splitlines", splitlines, true},      {"partition", partition<false>, true},
    {"rpartition", partition<true>, true}, {"join", join, true},
    {"format", format_with_braces, true},  {"format_map", format_map, true}};

}  // namespace

std::span<const TextMethod> piece_methods() { return kMethods; }

}  // namespace quire::jinja
