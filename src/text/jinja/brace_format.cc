// str.format: "{0} {name!r:>10}". Attributes and items go through the sandbox's rules.
#include <algorithm>

#include "text/jinja/interpreter.h"
#include "text/jinja/markup.h"
#include "text/jinja/methods.h"
#include "text/jinja/number_format.h"
#include "text/jinja/operators.h"
#include "text/jinja/print.h"

namespace quire::jinja {
namespace {

class Formatter {
 public:
  Formatter(Interpreter& in, bool markup, const Arguments& arguments)
      : in_(in), markup_(markup), arguments_(arguments) {}

  Text run(const Text& format, int depth = 0) {
    if (depth > 1) fail("Max string recursion exceeded");
    Text to;
    const std::string& f = format.bytes;
    for (size_t at = 0; at < f.size();) {
      const size_t brace = std::min(f.find_first_of("{}", at), f.size());
      append(to, format, at, brace);
      if (brace == f.size()) break;
      if (brace + 1 < f.size() && f[brace + 1] == f[brace]) {
        append(to, format, brace, brace + 1);
        at = brace + 2;
        continue;
      }
      if (f[brace] == '}') fail("Single '}' encountered in format string");
      size_t end = brace + 1;
      for (int open = 1; open > 0; ++end) {
        if (end >= f.size()) fail("expected '}' before end of string");
        if (f[end] == '{') ++open;
        if (f[end] == '}') --open;
      }
      field(part(format, brace + 1, end - 1), depth, to);
      in_.budget().check_text(to.bytes.size());
      at = end;
    }
    return to;
  }

 private:
  void field(const Text& text, int depth, Text& to) {
    const std::string& s = text.bytes;
    size_t name_end = 0;
    for (bool in_item = false; name_end < s.size(); ++name_end) {
      if (s[name_end] == '[') in_item = true;
      if (s[name_end] == ']') in_item = false;
      if (!in_item && (s[name_end] == '!' || s[name_end] == ':')) break;
    }
    Value v = value(s.substr(0, name_end));
    size_t at = name_end;
    if (at < s.size() && s[at] == '!') {
      const char how = at + 1 < s.size() ? s[at + 1] : '\0';
      if (how != 's' && how != 'r' && how != 'a') fail("Unknown conversion specifier in a format string");
      Text shown;
      if (how == 's') append_str(in_.budget(), v, shown);
      else append_repr(in_.budget(), v, shown);
      v = in_.text(std::move(shown));
      at += 2;
    }
    if (at < s.size() && s[at] != ':') fail("expected ':' after conversion specifier");
    Text spec;
    if (at < s.size()) spec = run(part(text, at + 1, s.size()), depth + 1);
    const bool is_markup = v.text() && v.text()->markup;
    if (markup_ && is_markup && !spec.bytes.empty()) fail("Unsupported format specification for Markup.");
    append(to, markup_ && !is_markup ? escape_html(formatted(v, spec)) : formatted(v, spec));
  }

  Value value(const std::string& path) {
    const size_t first_end = std::min(path.find_first_of(".["), path.size());
    const std::string first = path.substr(0, first_end);
    Value v;
    const bool digits = !first.empty() && first.find_first_not_of("0123456789") == std::string::npos;
    if (first.empty() || digits) {
      if (first.empty() == (numbered_ == 2) && numbered_ != 0)
        fail("cannot switch between automatic field numbering and manual field specification");
      numbered_ = first.empty() ? 1 : 2;
      const size_t i = first.empty() ? next_++ : first.size() > 9 ? SIZE_MAX : std::stoul(first);
      if (i >= arguments_.positional.size()) fail("Replacement index out of range for positional args tuple");
      v = arguments_.positional[i];
    } else {
      const auto place = std::ranges::find(arguments_.named, first, [](const auto& p) { return p.first; });
      if (place == arguments_.named.end()) fail("'" + first + "'");
      v = place->second;
    }
    for (size_t at = first_end; at < path.size();) {
      if (path[at] == '.') {
        const size_t end = std::min(path.find_first_of(".[", at + 1), path.size());
        v = in_.attribute(v, path.substr(at + 1, end - at - 1));
        at = end;
      } else {
        const size_t end = path.find(']', at);
        if (end == std::string::npos) fail("Missing ']' in format string");
        const std::string key = path.substr(at + 1, end - at - 1);
        const bool index =
            !key.empty() && key.size() < 10 && key.find_first_not_of("0123456789") == std::string::npos;
        v = in_.item(v, index ? Value(static_cast<int64_t>(std::stol(key))) : in_.text(key));
        at = end + 1;
      }
    }
    return v;
  }

  Text formatted(const Value& v, const Text& spec) {
    Text plain;
    if (spec.bytes.empty()) {
      append_str(in_.budget(), v, plain);
      return plain;
    }
    const std::string& s = spec.bytes;
    constexpr std::string_view kAligns = "<>=^";
    size_t at = 0;
    char align = 0;
    Text fill{" ", {}};
    size_t second = 0;
    read_character(s, second);
    if (second < s.size() && kAligns.find(s[second]) != std::string_view::npos) {
      fill = part(spec, 0, second);
      align = s[second];
      at = second + 1;
    } else if (kAligns.find(s[0]) != std::string_view::npos) {
      align = s[at++];
    }
    NumberForm form;
    const auto peek = [&] { return at < s.size() ? s[at] : '\0'; };
    bool has_sign = false;
    if (peek() == '+' || peek() == '-' || peek() == ' ') form.sign = s[at++], has_sign = true;
    if (peek() == '#') form.alternate = true, ++at;
    if (peek() == '0') {
      ++at;
      if (!align) align = v.text() ? '<' : '=', fill = {"0", {}};
    }
    const auto number = [&] {
      int64_t n = 0;
      for (; peek() >= '0' && peek() <= '9'; ++at) n = std::min<int64_t>(n * 10 + (s[at] - '0'), 1 << 30);
      return n;
    };
    const int64_t width = number();
    if (peek() == ',' || peek() == '_') form.grouping = s[at++];
    if (peek() == '.') {
      ++at;
      form.precision = static_cast<int>(number());
      if (form.precision > kMaxPrecision) fail("the precision of a format is at most 10000");
    }
    if (peek()) form.type = s[at++];
    if (at != s.size()) fail("Invalid format specifier");
    if (v.is_number() && !(v.boolean() && form.type == 's'))
      return formatted_number(v, form, width, align ? align : '>', fill);
    if (!v.text()) {
      refuse_undefined(v);
      fail("unsupported format string passed to " + type_name(v) + ".__format__");
    }
    if ((form.type && form.type != 's') || align == '=' || has_sign || form.grouping || form.alternate)
      fail("Unknown format code for object of type 'str'");
    Text text = *v.text();
    if (form.precision >= 0)
      text = part(text, 0, character_offset(text.bytes, static_cast<size_t>(form.precision)));
    return pad(in_.budget(), text, width, align ? align : '<', fill);
  }

  Text formatted_number(const Value& v, NumberForm form, int64_t width, char align, const Text& fill) {
    if (form.type == 'n') form.type = v.real() ? 'g' : 'd';
    if (std::string_view("dxXobeEfFgG%").find(form.type) == std::string_view::npos && form.type)
      fail(std::string("Unknown format code '") + form.type + "' for object of type '" + type_name(v) + "'");
    if (v.real() && std::string_view("dxXob").find(form.type) != std::string_view::npos && form.type)
      fail(std::string("Unknown format code '") + form.type + "' for object of type 'float'");
    if (!v.real() && form.precision >= 0 &&
        (!form.type || std::string_view("dxXob").find(form.type) != std::string_view::npos))
      fail("Precision not allowed in integer format specifier");
    const FormattedNumber n = format_number(v, form);
    if (align != '=') return pad(in_.budget(), {n.sign + n.prefix + n.digits, {}}, width, align, fill);
    const std::string head = n.sign + n.prefix;
    Text to{head, {}};
    append(to, pad(in_.budget(), {n.digits, {}}, width - static_cast<int64_t>(head.size()), '>', fill));
    return to;
  }

  Interpreter& in_;
  const bool markup_;  // the format is: what is put into it is escaped
  const Arguments& arguments_;
  size_t next_ = 0;
  int numbered_ = 0;  // 1: by order, 2: by index
};

}  // namespace

Value format_with_braces(Interpreter& in, const Value& format, const Arguments& arguments) {
  return in.text(Formatter(in, format.text()->markup, arguments).run(*format.text()));
}

}  // namespace quire::jinja
