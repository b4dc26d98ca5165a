#include "text/jinja/markup.h"

namespace quire::jinja {

Text escape_html(const Text& text) {
  Text to;
  for (size_t at = 0; at < text.bytes.size(); ++at) {
    constexpr std::string_view kFrom = "&<>'\"";
    constexpr std::string_view kTo[] = {"&amp;", "&lt;", "&gt;", "&#39;", "&#34;"};
    const size_t i = kFrom.find(text.bytes[at]);
    if (i == std::string_view::npos) append(to, text, at, at + 1);
    else append(to, kTo[i], is_plain(text, at));
  }
  to.markup = true;
  return to;
}

Text escaped(const Text& text) { return text.markup ? text : escape_html(text); }

Text plus(const Text& a, const Text& b) {
  Text to = b.markup ? escaped(a) : a;
  append(to, a.markup ? escaped(b) : b);
  return to;
}

Value as_markup(Budget& budget, const Value& v) {
  if (const Text* t = v.text()) {
    Text marked = *t;
    marked.markup = true;
    return make_text(budget, std::move(marked));
  }
  if (!v.sequence()) return v;
  Values all;
  for (const Value& item : v.sequence()->items) all.push_back(as_markup(budget, item));
  return make_sequence(budget, v.sequence()->kind, std::move(all));
}

Text joined(Budget& budget, const Text& between, const Values& texts) {
  Text to;
  for (size_t i = 0; i < texts.size(); ++i) {
    const Text& text = *texts[i].text();
    if (i) append(to, between);
    if (between.markup) append(to, escaped(text));
    else append(to, text);
    budget.check_text(to.bytes.size());
  }
  to.markup = between.markup;
  return to;
}

}  // namespace quire::jinja
