#include "text/pattern_dialect.h"

#include <algorithm>
#include <array>

#include "base/utf8.h"
#include "text/read_stage.h"

namespace quire {
namespace {

// Oniguruma's \s is Unicode's White_Space (PCRE2's has U+180E too), \d is Nd, \w is Alphabetic, M, Nd, Pc.
// Source: Oniguruma 6.9, doc/RE and doc/UNICODE_PROPERTIES.
constexpr std::string_view kSpace =
    "\\x09-\\x0d\\x20\\x85\\xa0\\x{1680}\\x{2000}-\\x{200a}\\x{2028}\\x{2029}\\x{202f}\\x{205f}\\x{3000}";
constexpr std::string_view kWord = "\\p{Alphabetic}\\p{M}\\p{Nd}\\p{Pc}";

constexpr std::array kCategories =
    std::to_array<std::string_view>({"L",  "Lu", "Ll", "Lt", "Lm", "Lo", "M",  "Mn", "Mc", "Me", "N",  "Nd",
                                     "Nl", "No", "P",  "Pc", "Pd", "Ps", "Pe", "Pi", "Pf", "Po", "S",  "Sm",
                                     "Sc", "Sk", "So", "Z",  "Zs", "Zl", "Zp", "C",  "Cc", "Cf", "Cn", "Co"});
constexpr std::array kScripts = std::to_array<std::string_view>(
    {"Arabic", "Armenian", "Bengali", "Bopomofo",  "Cyrillic",  "Devanagari", "Ethiopic", "Georgian",
     "Greek",  "Gujarati", "Han",     "Hangul",    "Hebrew",    "Hiragana",   "Kannada",  "Katakana",
     "Khmer",  "Lao",      "Latin",   "Malayalam", "Mongolian", "Myanmar",    "Sinhala",  "Tamil",
     "Telugu", "Thai",     "Tibetan", "Common",    "Inherited"});

bool digit(char c) { return c >= '0' && c <= '9'; }
bool letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

class Translation {
 public:
  Translation(std::string_view pattern, const std::string& where) : p_(pattern), where_(where) {}

  Result<std::string> run() {
    while (problem_.ok() && i_ < p_.size()) term();
    if (!problem_.ok()) return problem_;
    return std::move(out_);
  }

 private:
  char peek(size_t ahead = 0) const { return i_ + ahead < p_.size() ? p_[i_ + ahead] : '\0'; }
  bool take(std::string_view s) {
    if (p_.substr(i_, s.size()) != s) return false;
    i_ += s.size();
    return true;
  }
  void fail(const std::string& what) {
    if (problem_.ok())
      problem_ = refused(where_, "the pattern " + quoted(p_) + " has " + what + " at byte " +
                                     std::to_string(i_) + ", which is not supported.");
  }
  void copy_character() {
    const size_t n = std::max<size_t>(1, utf8_length(p_.substr(i_)));
    out_ += p_.substr(i_, n);
    i_ += n;
  }

  void term() {
    bool repeatable = true;
    const char c = peek();
    if (c == '\\') escape(false);
    else if (c == '[') char_class();
    else if (c == '(') repeatable = false, group();
    else if (c == '|' || c == '^' || c == '$') repeatable = false, copy_character();
    else if (c == '*' || c == '+' || c == '?') fail("a repetition of nothing or of a repetition");
    else if (c == '{') fail("a brace that is no repetition");
    else copy_character();
    if (repeatable && problem_.ok()) repetition();
  }

  void group() {
    static constexpr std::array kOpenings =
        std::to_array<std::string_view>({"(?:", "(?=", "(?!", "(?<=", "(?<!", "(?>", "(?i:", "(?-i:"});
    for (const std::string_view o : kOpenings)
      if (take(o)) {
        out_ += o;
        return;
      }
    if (i_ == 0 && take("(?i)")) {  // elsewhere Ruby and Perl disagree on how far it reaches
      out_ += "(?i)";
      return;
    }
    if (peek(1) == '?' || peek(1) == '*') return fail("an unknown kind of group");
    copy_character();
  }

  void repetition() {
    if (const char c = peek(); c == '*' || c == '+' || c == '?') {
      copy_character();
      if (peek() == '?' || peek() == '+') copy_character();  // lazy, possessive
      return;
    }
    if (peek() != '{') return;
    const size_t close = p_.find('}', i_);
    const std::string_view inside =
        close == std::string_view::npos ? std::string_view() : p_.substr(i_ + 1, close - i_ - 1);
    const size_t comma = inside.find(',');
    const std::string_view least = inside.substr(0, comma);
    const std::string_view most = comma == std::string_view::npos ? least : inside.substr(comma + 1);
    const auto number = [](std::string_view s) { return s.size() <= 4 && std::ranges::all_of(s, digit); };
    if (!number(least) || !number(most) || (least.empty() && most.empty()))
      return fail("a brace that is no repetition");
    out_ += "{" + std::string(least.empty() ? "0" : least);
    if (comma != std::string_view::npos) out_ += "," + std::string(most);
    out_ += '}';
    i_ = close + 1;
    // Ruby: {n,m}+ repeats the repetition and {n}? makes it optional; Perl: possessive and lazy.
    if (peek() == '+' || (peek() == '?' && comma == std::string_view::npos))
      return fail("a mark after a brace");
    if (peek() == '?') copy_character();
  }

  void property(bool in_class, bool negated) {
    const size_t close = p_.find('}', i_);
    if (peek() != '{' || close == std::string_view::npos) return fail("\\p without a name in braces");
    std::string_view name = p_.substr(i_ + 1, close - i_ - 1);
    if (name.starts_with('^')) negated = !negated, name.remove_prefix(1);
    const bool category = std::ranges::find(kCategories, name) != kCategories.end();
    if (!category && std::ranges::find(kScripts, name) == kScripts.end())
      return fail("the property " + quoted(name));
    // A script alone: PCRE2 would take its extensions too.
    out_ += std::string(negated ? "\\P{" : "\\p{") + (category ? "" : "sc:") + std::string(name) + "}";
    i_ = close + 1;
    if (in_class) no_hyphen();
  }

  // [\s-x] is an error in Oniguruma, and with \s rewritten it would be a range.
  void no_hyphen() {
    if (peek() == '-' && peek(1) != ']') fail("a hyphen after a set in a class");
  }

  void set(bool in_class, bool negated, std::string_view members) {
    if (!in_class) out_ += std::string(negated ? "[^" : "[") + std::string(members) + "]";
    else if (negated) fail("a negated set in a class");
    else out_ += members, no_hyphen();
  }

  void code_point() {
    std::string_view digits;
    size_t length = 0;
    if (peek() == '{') {
      const size_t close = p_.find('}', i_);
      digits = close == std::string_view::npos ? std::string_view() : p_.substr(i_ + 1, close - i_ - 1);
      length = digits.size() + 2;
    } else {
      length = p_[i_ - 1] == 'u' ? 4 : 2;
      digits = p_.substr(i_, length);
      if (length == 2 && peek() > '7') digits = {};  // a byte of a character
    }
    const auto hex = [](char c) { return digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); };
    if (digits.empty() || digits.size() > 6 || !std::ranges::all_of(digits, hex) || i_ + length > p_.size())
      return fail("a code point that is none");
    out_ += "\\x{" + std::string(digits) + "}";
    i_ += length;
  }

  void escape(bool in_class) {
    if (i_ + 1 == p_.size()) return fail("a backslash at its end");
    const char c = p_[i_ + 1];
    if (!letter(c) && !digit(c)) {  // a character itself
      if (static_cast<unsigned char>(c) < 0x80) out_ += '\\';
      ++i_;
      return copy_character();
    }
    i_ += 2;
    const std::string word = "[" + std::string(kWord) + "]";
    switch (c) {
      case 's':
        return set(in_class, false, kSpace);
      case 'd':
        return set(in_class, false, "\\p{Nd}");
      case 'w':
        return set(in_class, false, kWord);
      case 'S':
        return in_class ? set(true, false, "\\P{White_Space}") : set(false, true, kSpace);
      case 'D':
        return in_class ? set(true, false, "\\P{Nd}") : set(false, true, "\\p{Nd}");
      case 'W':
        return set(in_class, true, kWord);
      case 'p':
        return property(in_class, false);
      case 'P':
        return property(in_class, true);
      case 'x':
      case 'u':
        return code_point();
      case 'n':
        out_ += "\\x0a";
        return;
      case 'r':
        out_ += "\\x0d";
        return;
      case 't':
        out_ += "\\x09";
        return;
      case 'v':
        out_ += "\\x0b";
        return;
      case 'f':
        out_ += "\\x0c";
        return;
      case 'a':
        out_ += "\\x07";
        return;
      case 'e':
        out_ += "\\x1b";
        return;
      case 'A':
      case 'z':
      case 'Z':
        if (!in_class) {
          out_ += '\\', out_ += c;
          return;
        }
        break;
      case 'b':
        if (in_class) out_ += "\\x08";
        else out_ += "(?:(?<=" + word + ")(?!" + word + ")|(?<!" + word + ")(?=" + word + "))";
        return;
      case 'B':
        if (!in_class) {
          out_ += "(?:(?<=" + word + ")(?=" + word + ")|(?<!" + word + ")(?!" + word + "))";
          return;
        }
        break;
      default:
        break;
    }
    i_ -= 2;
    fail("the escape \\" + std::string(1, c));
  }

  void char_class() {
    copy_character();
    if (peek() == '^') copy_character();
    if (peek() == ']') return fail("a class that begins with ]");
    while (problem_.ok() && peek() != ']') {
      if (i_ >= p_.size()) return fail("a class without an end");
      if (peek() == '[') return fail("a class in a class");
      if (peek() == '&' && peek(1) == '&') return fail("an intersection of classes");
      if (peek() == '\\') escape(true);
      else copy_character();
    }
    if (problem_.ok()) copy_character();
  }

  std::string_view p_;
  const std::string& where_;
  size_t i_ = 0;
  std::string out_;
  Status problem_;
};

}  // namespace

Result<std::string> pcre2_from_oniguruma(std::string_view pattern, const std::string& where) {
  return Translation(pattern, where).run();
}

std::string pcre2_literal(std::string_view text) {
  std::string s;
  for (const char c : text) {
    if (static_cast<unsigned char>(c) < 0x80 && !letter(c) && !digit(c)) {
      static constexpr char kHex[] = "0123456789abcdef";
      s += "\\x", s += kHex[c >> 4], s += kHex[c & 15];
    } else {
      s += c;
    }
  }
  return s;
}

}  // namespace quire
