// The % operator of strings: "%s %05.1f" % values.
#include <algorithm>
#include <cmath>

#include "text/jinja/markup.h"
#include "text/jinja/number_format.h"
#include "text/jinja/operators.h"
#include "text/jinja/print.h"

namespace quire::jinja {
namespace {

class Formatter {
 public:
  Formatter(Budget& budget, const Text& format, const Value& arguments)
      : budget_(budget), format_(format), arguments_(arguments) {
    if (arguments.sequence() && arguments.sequence()->kind == SequenceKind::kTuple)
      all_ = arguments.sequence()->items;
    else all_ = {arguments};
  }

  Text run() {
    const std::string& f = format_.bytes;
    while (at_ < f.size()) {
      const size_t percent = std::min(f.find('%', at_), f.size());
      append(to_, format_, at_, percent);
      at_ = percent + 1;
      if (percent < f.size()) conversion();
      budget_.check_text(to_.bytes.size());
    }
    const bool leftover = next_ < all_.size() && !named_ && !is_mapping(arguments_);
    if (leftover) fail("not all arguments converted during string formatting");
    to_.markup = format_.markup;
    return std::move(to_);
  }

 private:
  // What Python takes for one: it may have more than the format asks for.
  bool is_mapping(const Value& v) const {
    const Sequence* s = v.sequence();
    return v.dictionary() || v.is_undefined() ||
           (s && (s->kind == SequenceKind::kList || s->kind == SequenceKind::kRange));
  }

  char peek() const {
    if (at_ >= format_.bytes.size()) fail("incomplete format");
    return format_.bytes[at_];
  }

  Value next() {
    if (named_) return named_value_;
    if (next_ >= all_.size()) fail("not enough arguments for format string");
    return all_[next_++];
  }

  int64_t count() {
    if (peek() == '*') {
      ++at_;
      return need_integer(next(), "* in a format");
    }
    int64_t n = 0;
    while (peek() >= '0' && peek() <= '9') {
      n = std::min<int64_t>(n * 10 + (format_.bytes[at_] - '0'), 1 << 30);
      ++at_;
    }
    return n;
  }

  void conversion() {
    named_ = false;
    if (peek() == '(') {
      const size_t end = format_.bytes.find(')', at_);
      if (end == std::string::npos) fail("incomplete format key");
      if (!arguments_.dictionary()) fail("format requires a mapping");
      const std::string key = format_.bytes.substr(at_ + 1, end - at_ - 1);
      const Value* v = find(*arguments_.dictionary(), key);
      if (!v) fail("'" + key + "'");
      named_ = true;
      named_value_ = *v;
      at_ = end + 1;
    }
    bool left = false, zero = false;
    NumberForm form;
    for (;; ++at_) {
      const char c = peek();
      if (c == '-') left = true;
      else if (c == '0') zero = true;
      else if (c == '+') form.sign = '+';
      else if (c == ' ') form.sign = form.sign == '+' ? '+' : ' ';
      else if (c == '#') form.alternate = true;
      else break;
    }
    int64_t width = count();
    if (width < 0) left = true, width = -width;
    int64_t precision = -1;
    if (peek() == '.') {
      ++at_;
      precision = std::max<int64_t>(0, count());
    }
    while (peek() == 'l' || peek() == 'h' || peek() == 'L') ++at_;
    const char type = peek();
    ++at_;
    const Text space{" ", {}};
    if (type == '%') return append(to_, "%");
    if (std::string_view("diuoxXeEfFgG").find(type) != std::string_view::npos)
      return number(type, width, precision, left, zero, form);
    Text text;
    const Value v = next();
    if (type == 's') append_str(budget_, v, text);
    else if (type == 'r' || type == 'a') append_repr(budget_, v, text);
    else if (type == 'c' && !format_.markup) character(v, text);
    else fail(std::string("unsupported format character '") + type + "'");
    if (format_.markup && !(type == 's' && v.text() && v.text()->markup)) text = escape_html(text);
    if (precision >= 0) {
      const size_t end = character_offset(text.bytes, static_cast<size_t>(precision));
      text = part(text, 0, end);
    }
    append(to_, pad(budget_, text, width, left ? '<' : '>', space));
  }

  void character(const Value& v, Text& to) {
    if (v.text() && count_characters(v.text()->bytes) == 1) return append(to, *v.text());
    const int64_t code = v.integer().value_or(-1);
    if (code < 0 || code > 0x10ffff || (code >= 0xd800 && code < 0xe000)) fail("%c requires int or char");
    append_character(to.bytes, static_cast<char32_t>(code));
  }

  void number(char type, int64_t width, int64_t precision, bool left, bool zero, NumberForm form) {
    Value v = next();
    refuse_undefined(v);
    const bool whole = std::string_view("diuoxX").find(type) != std::string_view::npos;
    if (!v.is_number())
      fail(std::string("%") + type + " format: a real number is required, not " + type_name(v));
    if (whole && v.real()) {
      if (type == 'o' || type == 'x' || type == 'X')
        fail(std::string("%") + type + " format: an integer is required, not float");
      v = integer_of(*v.real());
    }
    if (format_.markup && (type == 'o' || type == 'x' || type == 'X'))
      fail(std::string("%") + type + " format: an integer is required, not _MarkupEscapeHelper");
    if (precision > kMaxPrecision) fail("the precision of a format is at most 10000");
    form.type = type == 'i' || type == 'u' ? 'd' : type;
    form.precision = static_cast<int>(precision);
    FormattedNumber n = format_number(v, form);
    if (whole && precision > static_cast<int64_t>(n.digits.size()))
      n.digits.insert(0, static_cast<size_t>(precision) - n.digits.size(), '0');
    const int64_t missing = width - static_cast<int64_t>(n.sign.size() + n.prefix.size() + n.digits.size());
    if (zero && !left && missing > 0) {
      budget_.check_text(static_cast<uint64_t>(missing));
      n.digits.insert(0, static_cast<size_t>(missing), '0');
    }
    append(to_, pad(budget_, {n.sign + n.prefix + n.digits, {}}, width, left ? '<' : '>', {" ", {}}));
  }

  Budget& budget_;
  const Text& format_;
  const Value& arguments_;
  Values all_;
  size_t next_ = 0, at_ = 0;
  bool named_ = false;
  Value named_value_;
  Text to_;
};

}  // namespace

Value percent_format(Budget& budget, const Text& format, const Value& arguments) {
  return make_text(budget, Formatter(budget, format, arguments).run());
}

}  // namespace quire::jinja
