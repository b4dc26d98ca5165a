// The part of the expression parser that reads what operators stand between: names, constants, brackets,
// targets.
#include <charconv>
#include <cstdlib>

#include "text/jinja/big_integer.h"
#include "text/jinja/parser.h"

namespace quire::jinja {
namespace {

using Kind = ExpressionKind;

Value constant_text(std::string bytes) {
  return std::shared_ptr<const Text>(std::make_shared<Text>(Text{std::move(bytes), {}}));
}

Value constant_integer(const std::string& text) {
  std::string_view digits = text;
  int base = 10;
  if (text.size() > 1 && text[0] == '0' && (text[1] | 0x20) > '9') {
    const char kind = static_cast<char>(text[1] | 0x20);
    base = kind == 'x' ? 16 : kind == 'o' ? 8 : 2;
    digits.remove_prefix(2);
  }
  int64_t v = 0;
  const auto r = std::from_chars(digits.data(), digits.data() + digits.size(), v, base);
  if (r.ec == std::errc()) return v;
  if (base != 10) fail("an integer beyond 64 bits is only supported in base 10");
  return integer_of_text(text);
}

}  // namespace

ExpressionPtr ExpressionParser::primary(bool namespaces) {
  const uint32_t at = now().at;
  if (now().kind == TokenKind::kName) return name_or_constant(namespaces);
  if (now().kind == TokenKind::kString) {
    std::string text;
    while (now().kind == TokenKind::kString) text += take().text;
    ExpressionPtr e = node(Kind::kConstant, at);
    e->constant = constant_text(std::move(text));
    return e;
  }
  if (now().kind == TokenKind::kInteger || now().kind == TokenKind::kFloat) {
    ExpressionPtr e = node(Kind::kConstant, at);
    const Lexeme& number = take();
    if (number.kind == TokenKind::kInteger) e->constant = constant_integer(number.text);
    else e->constant = std::strtod(number.text.c_str(), nullptr);
    return e;
  }
  if (skip_operator("(")) {
    Nested nested(*this);
    ExpressionPtr e = tuple(true, {}, true);
    expect_operator(")");
    return e;
  }
  if (at_operator("[")) return list();
  if (at_operator("{")) return dictionary();
  wrong("unexpected " + shown());
}

ExpressionPtr ExpressionParser::name_or_constant(bool namespaces) {
  const Lexeme name = take();
  const std::string& t = name.text;
  if (t == "true" || t == "True" || t == "false" || t == "False" || t == "none" || t == "None") {
    ExpressionPtr e = node(Kind::kConstant, name.at);
    if (t[0] != 'n' && t[0] != 'N') e->constant = t == "true" || t == "True";
    return e;
  }
  if (namespaces && skip_operator(".")) {
    ExpressionPtr e = node(Kind::kNamespaceTarget, name.at, {}, t);
    e->operators.push_back(expect_any_name());
    return e;
  }
  return node(Kind::kName, name.at, {}, t);
}

bool ExpressionParser::at_tuple_end(std::string_view end_name) const {
  return now().kind == TokenKind::kVariableEnd || now().kind == TokenKind::kBlockEnd || at_operator(")") ||
         (!end_name.empty() && at_name(end_name));
}

ExpressionPtr ExpressionParser::tuple(bool with_condition, std::string_view end_name, bool in_brackets) {
  const uint32_t at = now().at;
  std::vector<ExpressionPtr> all;
  bool is_tuple = false;
  for (;;) {
    if (!all.empty()) expect_operator(",");
    if (at_tuple_end(end_name)) break;
    all.push_back(expression(with_condition));
    if (!at_operator(",")) break;
    is_tuple = true;
  }
  if (!is_tuple) {
    if (!all.empty()) return std::move(all[0]);
    if (!in_brackets) wrong("Expected an expression, got " + shown());
  }
  return node(Kind::kTuple, at, std::move(all));
}

ExpressionPtr ExpressionParser::target(std::string_view end_name, bool namespaces) {
  Nested nested(*this);
  const uint32_t at = now().at;
  std::vector<ExpressionPtr> all;
  bool is_tuple = false;
  for (;;) {
    if (!all.empty()) expect_operator(",");
    if (at_tuple_end(end_name)) break;
    if (skip_operator("(")) {
      all.push_back(target({}, namespaces));
      expect_operator(")");
    } else {
      const uint32_t begin = now().at;
      all.push_back(primary(namespaces));
      if (all.back()->kind != Kind::kName && all.back()->kind != Kind::kNamespaceTarget)
        fail_at(begin, "can't assign to what is no name");
    }
    if (!at_operator(",")) break;
    is_tuple = true;
  }
  if (all.empty()) wrong("Expected an expression, got " + shown());
  return is_tuple ? node(Kind::kTuple, at, std::move(all)) : std::move(all[0]);
}

ExpressionPtr ExpressionParser::list() {
  Nested nested(*this);
  const uint32_t at = take().at;
  std::vector<ExpressionPtr> all;
  while (!at_operator("]")) {
    if (!all.empty()) expect_operator(",");
    if (at_operator("]")) break;
    all.push_back(expression());
  }
  take();
  return node(Kind::kList, at, std::move(all));
}

ExpressionPtr ExpressionParser::dictionary() {
  Nested nested(*this);
  const uint32_t at = take().at;
  std::vector<ExpressionPtr> all;
  while (!at_operator("}")) {
    if (!all.empty()) expect_operator(",");
    if (at_operator("}")) break;
    all.push_back(expression());
    expect_operator(":");
    all.push_back(expression());
  }
  take();
  return node(Kind::kDictionary, at, std::move(all));
}

}  // namespace quire::jinja
