// The half of the parser that reads expressions, loosest operator first.
#include <algorithm>
#include <charconv>
#include <cstdlib>

#include "text/jinja/filters.h"
#include "text/jinja/parser.h"
#include "text/jinja/tests.h"

namespace quire::jinja {
namespace {

using Kind = ExpressionKind;

template <class... T>
std::vector<ExpressionPtr> operands(T... v) {
  std::vector<ExpressionPtr> all;
  (all.push_back(std::move(v)), ...);
  return all;
}

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
  return std::shared_ptr<const BigInteger>(std::make_shared<BigInteger>(BigInteger{text}));
}

}  // namespace

ExpressionParser::Nested::Nested(ExpressionParser& p) : parser(p) {
  if (p.depth_ >= kMaxParseDepth) p.wrong("nested deeper than " + std::to_string(kMaxParseDepth) + " levels");
  ++p.depth_;
}

bool ExpressionParser::skip_name(std::string_view name) { return at_name(name) && (take(), true); }
bool ExpressionParser::skip_operator(std::string_view op) { return at_operator(op) && (take(), true); }
void ExpressionParser::expect_operator(std::string_view op) {
  if (!skip_operator(op)) wrong("expected token '" + std::string(op) + "', got " + shown());
}
void ExpressionParser::expect_name(std::string_view name) {
  if (!skip_name(name)) wrong("expected token '" + std::string(name) + "', got " + shown());
}
std::string ExpressionParser::expect_any_name() {
  if (now().kind != TokenKind::kName) wrong("expected token 'name', got " + shown());
  return take().text;
}

std::string ExpressionParser::shown() const {
  switch (now().kind) {
    case TokenKind::kEnd:
      return "the end of the template";
    case TokenKind::kData:
      return "template text";
    case TokenKind::kVariableBegin:
      return "'{{'";
    case TokenKind::kVariableEnd:
      return "'}}' (end of print statement)";
    case TokenKind::kBlockBegin:
      return "'{%'";
    case TokenKind::kBlockEnd:
      return "'%}' (end of statement block)";
    default:
      return "'" + now().text.substr(0, 60) + "'";
  }
}

void ExpressionParser::measure(Expression& e) const {
  int32_t below = 0;
  const auto look = [&](const ExpressionPtr& p) { below = p ? std::max(below, p->height) : below; };
  for (const auto& p : e.operands) look(p);
  for (const auto& p : e.arguments.positional) look(p);
  for (const auto& p : e.arguments.named) look(p.second);
  look(e.arguments.star);
  look(e.arguments.star_star);
  e.height = below + 1;
  if (e.height > kMaxHeight)
    fail_at(e.at, "an expression is nested deeper than " + std::to_string(kMaxHeight) + " levels");
}

ExpressionPtr ExpressionParser::node(Kind kind, uint32_t at, std::vector<ExpressionPtr> operands,
                                     std::string name) {
  auto e = std::make_unique<Expression>(Expression{.kind = kind, .at = at});
  e->name = std::move(name);
  e->operands = std::move(operands);
  measure(*e);
  return e;
}

void ExpressionParser::must_be_known(bool known, std::string_view kind, const std::string& name,
                                     uint32_t at) {
  if (!known && !soft_) unknown_.emplace_back(at, "No " + std::string(kind) + " named '" + name + "'.");
}

ExpressionPtr ExpressionParser::expression(bool with_condition) {
  Nested nested(*this);
  ++open_expressions_;
  ExpressionPtr e = with_condition ? condition() : or_expression();
  if (--open_expressions_ == 0 && !unknown_.empty()) fail_at(unknown_[0].first, unknown_[0].second);
  return e;
}

ExpressionPtr ExpressionParser::condition() {
  const uint32_t at = now().at;
  const size_t unknown = unknown_.size();
  ExpressionPtr value = or_expression();
  while (skip_name("if")) {
    ExpressionPtr test = or_expression();
    ExpressionPtr other;
    if (skip_name("else")) {
      Nested nested(*this);
      other = condition();
    }
    value = node(Kind::kCondition, at, operands(std::move(test), std::move(value), std::move(other)));
    unknown_.resize(unknown);  // such a one fails only when it is reached
  }
  return value;
}

ExpressionPtr ExpressionParser::or_expression() {
  ExpressionPtr left = and_expression();
  while (at_name("or")) {
    const uint32_t at = take().at;
    left = node(Kind::kOr, at, operands(std::move(left), and_expression()));
  }
  return left;
}

ExpressionPtr ExpressionParser::and_expression() {
  ExpressionPtr left = not_expression();
  while (at_name("and")) {
    const uint32_t at = take().at;
    left = node(Kind::kAnd, at, operands(std::move(left), not_expression()));
  }
  return left;
}

ExpressionPtr ExpressionParser::not_expression() {
  if (!at_name("not")) return comparison();
  Nested nested(*this);
  const uint32_t at = take().at;
  return node(Kind::kNot, at, operands(not_expression()));
}

ExpressionPtr ExpressionParser::comparison() {
  const uint32_t at = now().at;
  std::vector<ExpressionPtr> all = operands(sum());
  std::vector<std::string> ops;
  for (;;) {
    constexpr std::string_view kOps[] = {"==", "!=", "<", "<=", ">", ">="};
    if (now().kind == TokenKind::kOperator && std::ranges::count(kOps, now().text)) {
      ops.push_back(take().text);
    } else if (skip_name("in")) {
      ops.emplace_back("in");
    } else if (at_name("not") && ahead().kind == TokenKind::kName && ahead().text == "in") {
      take();
      take();
      ops.emplace_back("not in");
    } else {
      break;
    }
    all.push_back(sum());
  }
  if (ops.empty()) return std::move(all[0]);
  ExpressionPtr e = node(Kind::kCompare, at, std::move(all));
  e->operators = std::move(ops);
  return e;
}

ExpressionPtr ExpressionParser::sum() {
  ExpressionPtr left = concat();
  while (at_operator("+") || at_operator("-")) {
    const Lexeme op = take();
    left = node(Kind::kBinary, op.at, operands(std::move(left), concat()), op.text);
  }
  return left;
}

ExpressionPtr ExpressionParser::concat() {
  const uint32_t at = now().at;
  std::vector<ExpressionPtr> all = operands(product());
  while (skip_operator("~")) all.push_back(product());
  return all.size() == 1 ? std::move(all[0]) : node(Kind::kConcat, at, std::move(all));
}

ExpressionPtr ExpressionParser::product() {
  ExpressionPtr left = power();
  while (at_operator("*") || at_operator("/") || at_operator("//") || at_operator("%")) {
    const Lexeme op = take();
    left = node(Kind::kBinary, op.at, operands(std::move(left), power()), op.text);
  }
  return left;
}

ExpressionPtr ExpressionParser::power() {  // groups to the left, unlike Python's
  ExpressionPtr left = unary();
  while (at_operator("**")) {
    const uint32_t at = take().at;
    left = node(Kind::kBinary, at, operands(std::move(left), unary()), "**");
  }
  return left;
}

ExpressionPtr ExpressionParser::unary(bool with_filter) {
  ExpressionPtr e;
  const uint32_t at = now().at;
  if (at_operator("-") || at_operator("+")) {
    Nested nested(*this);
    const Kind kind = take().text == "-" ? Kind::kNegative : Kind::kPositive;
    e = node(kind, at, operands(unary(false)));
  } else {
    e = primary();
  }
  e = postfix(std::move(e));
  if (!with_filter) return e;
  for (;;) {  // calls may follow filters and tests too
    if (at_operator("|")) e = filters(std::move(e));
    else if (at_name("is")) e = test(std::move(e));
    else if (at_operator("(")) e = call(std::move(e));
    else return e;
  }
}

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
  for (Statement* macro : macros_) {
    macro->uses_caller |= t == "caller";
    macro->uses_kwargs |= t == "kwargs";
    macro->uses_varargs |= t == "varargs";
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

ExpressionPtr ExpressionParser::postfix(ExpressionPtr value) {
  for (;;) {
    if (at_operator(".") || at_operator("[")) value = subscript(std::move(value));
    else if (at_operator("(")) value = call(std::move(value));
    else return value;
  }
}

ExpressionPtr ExpressionParser::subscript(ExpressionPtr value) {
  const Lexeme op = take();
  if (op.text == ".") {
    if (now().kind == TokenKind::kName)
      return node(Kind::kAttribute, op.at, operands(std::move(value)), take().text);
    if (now().kind != TokenKind::kInteger) wrong("expected name or number");
    ExpressionPtr index = primary();
    return node(Kind::kItem, op.at, operands(std::move(value), std::move(index)));
  }
  Nested nested(*this);
  std::vector<ExpressionPtr> all;
  while (!at_operator("]")) {
    if (!all.empty()) expect_operator(",");
    all.push_back(subscribed());
  }
  take();
  ExpressionPtr index = all.size() == 1 ? std::move(all[0]) : node(Kind::kTuple, op.at, std::move(all));
  return node(Kind::kItem, op.at, operands(std::move(value), std::move(index)));
}

ExpressionPtr ExpressionParser::subscribed() {
  const uint32_t at = now().at;
  ExpressionPtr start, stop, step;
  if (!at_operator(":")) {
    start = expression();
    if (!at_operator(":")) return start;
  }
  take();
  const auto over = [&] { return at_operator("]") || at_operator(","); };
  if (!at_operator(":") && !over()) stop = expression();
  if (skip_operator(":") && !over()) step = expression();
  return node(Kind::kSlice, at, operands(std::move(start), std::move(stop), std::move(step)));
}

ExpressionPtr ExpressionParser::call(ExpressionPtr value) {
  const uint32_t at = now().at;
  ExpressionPtr e = node(Kind::kCall, at, operands(std::move(value)));
  e->arguments = call_arguments();
  measure(*e);
  return e;
}

CallArguments ExpressionParser::call_arguments() {
  Nested nested(*this);
  const uint32_t at = now().at;
  expect_operator("(");
  CallArguments a;
  bool first = true;
  const auto must = [&](bool ok) {
    if (!ok) fail_at(at, "invalid syntax for function call expression");
  };
  while (!at_operator(")")) {
    if (!first) {
      expect_operator(",");
      if (at_operator(")")) break;
    }
    first = false;
    if (skip_operator("*")) {
      must(!a.star && !a.star_star);
      a.star = expression();
    } else if (skip_operator("**")) {
      must(!a.star_star);
      a.star_star = expression();
    } else if (now().kind == TokenKind::kName && ahead().kind == TokenKind::kOperator &&
               ahead().text == "=") {
      must(!a.star_star);
      std::string name = take().text;
      take();
      if (std::ranges::any_of(a.named, [&](const auto& n) { return n.first == name; }))
        fail_at(at, "keyword argument repeated: " + name);
      a.named.emplace_back(std::move(name), expression());
    } else {
      must(!a.star && !a.star_star && a.named.empty());
      a.positional.push_back(expression());
    }
  }
  take();
  return a;
}

ExpressionPtr ExpressionParser::filters(ExpressionPtr value, bool first_is_name) {
  while (at_operator("|") || first_is_name) {
    if (!first_is_name) take();
    first_is_name = false;
    const uint32_t at = now().at;
    std::string name = expect_any_name();
    while (skip_operator(".")) name += '.' + expect_any_name();
    must_be_known(find_filter(name) != nullptr, "filter", name, at);
    ExpressionPtr e = node(Kind::kFilter, at, operands(std::move(value)), name);
    if (at_operator("(")) e->arguments = call_arguments();
    measure(*e);
    if (open_expressions_ == 0 && !unknown_.empty()) fail_at(unknown_[0].first, unknown_[0].second);
    value = std::move(e);
  }
  return value;
}

ExpressionPtr ExpressionParser::test(ExpressionPtr value) {
  take();  // is
  const bool negated = skip_name("not");
  const uint32_t at = now().at;
  std::string name = expect_any_name();
  while (skip_operator(".")) name += '.' + expect_any_name();
  must_be_known(find_test(name) != nullptr, "test", name, at);
  ExpressionPtr e = node(Kind::kTest, at, operands(std::move(value)), name);
  const TokenKind k = now().kind;
  const bool at_value = (k == TokenKind::kName && !at_name("else") && !at_name("or") && !at_name("and")) ||
                        k == TokenKind::kString || k == TokenKind::kInteger || k == TokenKind::kFloat ||
                        at_operator("[") || at_operator("{");
  if (at_operator("(")) {
    e->arguments = call_arguments();
  } else if (at_value) {
    if (at_name("is")) wrong("You cannot chain multiple tests with is");
    Nested nested(*this);
    e->arguments.positional.push_back(postfix(primary()));
  }
  measure(*e);
  return negated ? node(Kind::kNot, at, operands(std::move(e))) : std::move(e);
}

}  // namespace quire::jinja
