// The filter urlize: addresses in a text become links, by jinja2's rules of what an address is.
#include <algorithm>
#include <set>

#include "text/jinja/filters.h"
#include "text/jinja/interpreter.h"
#include "text/jinja/markup.h"
#include "text/jinja/methods.h"
#include "text/jinja/print.h"
#include "text/jinja/unicode.h"

namespace quire::jinja {
namespace {

bool is_word(char32_t c) {
  return c == '_' || is_in(CharacterClass::kAlpha, c) || is_in(CharacterClass::kNumeric, c);
}
bool is_digit(char32_t c) { return is_in(CharacterClass::kDecimal, c); }
bool is_letter(char32_t c) { return (c | 0x20) >= 'a' && (c | 0x20) <= 'z'; }
bool is_hexadecimal(char32_t c) { return is_digit(c) || ((c | 0x20) >= 'a' && (c | 0x20) <= 'f'); }

std::u32string characters(std::string_view s) {
  std::u32string to;
  for (size_t at = 0; at < s.size();) to += read_character(s, at);
  return to;
}

bool has_prefix(std::u32string_view s, std::string_view prefix) {  // of letters in lower case
  if (s.size() < prefix.size()) return false;
  for (size_t i = 0; i < prefix.size(); ++i) {
    const char32_t wanted = static_cast<unsigned char>(prefix[i]);
    if (s[i] != wanted && !(is_letter(s[i]) && (s[i] | 0x20) == wanted)) return false;
  }
  return true;
}

template <class Is>
bool all(std::u32string_view s, const Is& is, size_t least, size_t most) {
  return s.size() >= least && s.size() <= most && std::ranges::all_of(s, is);
}

std::vector<std::u32string_view> labels_of(std::u32string_view host) {
  std::vector<std::u32string_view> labels;
  for (size_t at = 0; at <= host.size();) {
    const size_t dot = std::min(host.find(U'.', at), host.size());
    labels.push_back(host.substr(at, dot - at));
    at = dot + 1;
  }
  return labels;
}

// What may follow a host: a port, then a path, a query or a fragment.
bool is_rest(std::u32string_view s) {
  if (!s.empty() && s[0] == ':') {
    size_t n = 1;
    while (n < s.size() && is_digit(s[n])) ++n;
    if (n < 2 || n > 6) return false;
    s.remove_prefix(n);
  }
  return s.empty() || s[0] == '/' || s[0] == '?' || s[0] == '#';
}

bool is_in_name(char32_t c) { return is_word(c) || c == '%' || c == '-'; }
size_t host_size(std::u32string_view s) {
  return static_cast<size_t>(
      std::ranges::find_if_not(s, [](char32_t c) { return is_in_name(c) || c == '.'; }) - s.begin());
}

bool is_after_scheme(std::u32string_view s) {  // any.name.of
  const size_t size = host_size(s);
  const auto labels = labels_of(s.substr(0, size));
  const auto named = [](std::u32string_view label) { return !label.empty(); };
  const std::u32string_view top = labels.back();
  const bool international =
      has_prefix(top, "xn--") && all(top.substr(4), [](char32_t c) { return is_word(c) || c == '%'; }, 2, 59);
  return is_rest(s.substr(size)) && std::all_of(labels.begin(), labels.end() - 1, named) &&
         (international || all(top, is_letter, 2, 63));
}

bool is_known_domain(std::u32string_view s) {  // name.org, without a scheme
  const size_t size = host_size(s);
  const auto labels = labels_of(s.substr(0, size));
  const auto named = [](std::u32string_view label) { return label.size() >= 2 && label.size() <= 63; };
  constexpr std::string_view kTops[] = {"com", "net", "int", "edu", "gov", "org", "info", "mil"};
  const bool known = std::ranges::any_of(kTops, [&](std::string_view top) {
    return labels.back().size() == top.size() && has_prefix(labels.back(), top);
  });
  return known && labels.size() > 1 && is_rest(s.substr(size)) &&
         std::all_of(labels.begin(), labels.end() - 1, named);
}

bool is_ipv4(std::u32string_view s) {
  const size_t size = host_size(s);
  const auto labels = labels_of(s.substr(0, size));
  return labels.size() == 4 && is_rest(s.substr(size)) &&
         std::ranges::all_of(labels, [](std::u32string_view label) { return all(label, is_digit, 1, 3); });
}

bool is_ipv6(std::u32string_view s) {  // [ two groups that end in a colon, then one to six more ]
  const size_t end = s.find(U']');
  if (s.empty() || s[0] != '[' || end == std::u32string_view::npos || !is_rest(s.substr(end + 1)))
    return false;
  size_t groups = 0, colons = 0, at = 1;
  while (at < end) {
    size_t n = at;
    while (n < end && is_hexadecimal(s[n])) ++n;
    const bool colon = n < end && s[n] == ':';
    if (n < end && !colon) return false;
    if (colons < 2 && (!colon || n - at > 4)) return false;
    if (colons >= 2) groups += std::max<size_t>(1, (n - at + 3) / 4);
    colons += colon;
    at = n + colon;
  }
  return colons >= 2 && groups <= 6;
}

bool is_web_address(const std::u32string& s) {
  const size_t scheme = has_prefix(s, "https://") ? 8 : has_prefix(s, "http://") ? 7 : 0;
  const std::u32string_view rest = std::u32string_view(s).substr(scheme);
  if (scheme > 0) return is_after_scheme(rest) || is_ipv4(rest) || is_ipv6(rest);
  return (has_prefix(s, "www.") && is_after_scheme(rest.substr(4))) || is_known_domain(rest);
}

bool is_mail_address(std::u32string_view s) {
  const size_t at = s.rfind(U'@');
  if (at == std::u32string_view::npos || at == 0) return false;
  const std::u32string_view host = s.substr(at + 1);
  const size_t dot = host.rfind(U'.');
  return dot != std::u32string_view::npos && dot > 0 && is_word(host[0]) &&
         std::ranges::all_of(host.substr(0, dot),
                             [](char32_t c) { return is_word(c) || c == '.' || c == '-'; }) &&
         all(host.substr(dot + 1), is_word, 1, SIZE_MAX);
}

size_t count(std::string_view in, std::string_view what) {
  size_t n = 0;
  for (size_t at = 0; (at = in.find(what, at)) != std::string_view::npos; at += what.size()) ++n;
  return n;
}

class Linker {
 public:
  Linker(Interpreter& in, const Bound& b) : in_(in) {
    if (b.given(0)) limit_ = b[0];
    std::set<std::string> rel = {"noopener"};
    if (b.truth(1, false)) rel.insert("nofollow");
    if (b.given(3) && is_true(b[3]))
      for (const Value& part : items_of(in.budget(), in.call(in.attribute(b[3], "split"), {})))
        rel.insert(need_text(part, "rel").bytes);
    std::string all;
    for (const std::string& part : rel) all += (all.empty() ? "" : " ") + part;
    append(attributes_, " rel=\"");
    append(attributes_, escape_html({all, {}}));
    append(attributes_, "\"");
    if (b.given(2) && is_true(b[2])) {
      append(attributes_, " target=\"");
      append(attributes_, escaped(*to_text(in.budget(), b[2]).text()));
      append(attributes_, "\"");
    }
    if (b.given(4))
      for (const Value& scheme : items_of(in.budget(), b[4])) schemes_.push_back(checked_scheme(scheme));
  }

  void add_word(const Text& word, Text& to) const {
    std::string_view s = word.bytes;
    size_t begin = 0, end = s.size();
    for (;;) {
      const std::string_view rest = s.substr(begin);
      if (rest.starts_with('(') || rest.starts_with('<')) begin += 1;
      else if (rest.starts_with("&lt;")) begin += 4;
      else break;
    }
    for (;;) {
      const std::string_view rest = s.substr(begin, end - begin);
      if (!rest.empty() && std::string_view(")>.,\n").find(rest.back()) != std::string_view::npos) end -= 1;
      else if (rest.ends_with("&gt;")) end -= 4;
      else break;
    }
    constexpr std::string_view kPairs[][2] = {{"(", ")"}, {"<", ">"}, {"&lt;", "&gt;"}};
    for (const auto& [open, close] : kPairs) {  // closing brackets of brackets inside belong to the address
      const size_t opened = count(s.substr(begin, end - begin), open);
      if (opened <= count(s.substr(begin, end - begin), close)) continue;
      for (size_t n = std::min(opened, count(s.substr(end), close)); n > 0; --n)
        end = s.find(close, end) + close.size();
    }
    append(to, word, 0, begin);
    add_address(part(word, begin, end), to);
    append(to, word, end, s.size());
  }

 private:
  std::string checked_scheme(const Value& v) const {
    const std::string& scheme = need_text(v, "a scheme").bytes;
    std::string_view name = scheme;
    for (int i = 0; i < 2 && name.ends_with('/'); ++i) name.remove_suffix(1);
    const bool ends = name.ends_with(':');
    if (ends) name.remove_suffix(1);
    const auto allowed = [](char32_t c) { return is_word(c) || c == '.' || c == '+' || c == '-'; };
    if (!ends || !all(characters(name), allowed, 2, SIZE_MAX))
      fail("'" + scheme + "' is not a valid URI scheme prefix.");
    return scheme;
  }

  void add_link(std::string_view before, const Text& address, const Text& attributes, const Text& shown,
                Text& to) const {
    append(to, "<a href=\"");
    append(to, before);
    append(to, address);
    append(to, "\"");
    append(to, attributes);
    append(to, ">");
    append(to, shown);
    append(to, "</a>");
    in_.budget().check_text(to.bytes.size());
  }

  Text trimmed(const Text& address) const {
    const int64_t n = static_cast<int64_t>(count_characters(address.bytes));
    if (limit_.is_none()) return address;
    const int64_t limit = need_integer(limit_, "trim_url_limit");
    if (n <= limit) return address;
    const int64_t kept = limit < 0 ? std::max<int64_t>(0, n + std::max(limit, -n)) : limit;
    Text to = part(address, 0, character_offset(address.bytes, static_cast<size_t>(kept)));
    append(to, "...");
    return to;
  }

  void add_address(const Text& word, Text& to) const {
    const std::string_view s = word.bytes;
    const std::u32string wide = characters(s);
    if (is_web_address(wide)) {
      const bool has_scheme = s.starts_with("https://") || s.starts_with("http://");
      return add_link(has_scheme ? "" : "https://", word, attributes_, trimmed(word), to);
    }
    if (s.starts_with("mailto:") && is_mail_address(std::u32string_view(wide).substr(7)))
      return add_link("", word, {}, part(word, 7, s.size()), to);
    if (!s.starts_with("www.") && !s.starts_with('@') && s.find(':') == std::string_view::npos &&
        is_mail_address(wide))
      return add_link("mailto:", word, {}, word, to);
    for (const std::string& scheme : schemes_)
      if (s != scheme && s.starts_with(scheme)) return add_link("", word, attributes_, word, to);
    append(to, word);
  }

  Interpreter& in_;
  Value limit_;  // of the characters shown; None: there is none
  Text attributes_;
  std::vector<std::string> schemes_;
};

}  // namespace

Value urlize(Interpreter& in, const Value& v, const Arguments& a) {
  const Bound b("urlize", a, {"trim_url_limit", "nofollow", "target", "rel", "extra_schemes"});
  const Linker linker(in, b);
  const Text text = escaped(*to_text(in.budget(), v).text());
  in.budget().charge(text.bytes.size() / 64);
  Text to;
  for (size_t at = 0; at < text.bytes.size();) {
    const size_t begin = at;
    size_t end = at;
    const bool space = is_space(read_character(text.bytes, at));
    for (end = at; at < text.bytes.size(); end = at)
      if (is_space(read_character(text.bytes, at)) != space) break;
    at = end;
    if (space) append(to, text, begin, end);
    else linker.add_word(part(text, begin, end), to);
  }
  return in.text(std::move(to));
}

}  // namespace quire::jinja
