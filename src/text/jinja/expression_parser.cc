// The part of the expression parser that reads operators, loosest first.
#include <algorithm>

#include "text/jinja/parser.h"

namespace quire::jinja {

using Kind = ExpressionKind;

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
  constexpr Kind kNever[] = {Kind::kName, Kind::kCall, Kind::kNamespaceTarget};
  constexpr std::string_view kOfContext[] = {"map", "select", "reject", "selectattr", "rejectattr", "random"};
  int32_t below = 0;
  e.folded = !std::ranges::count(kNever, e.kind);
  if (e.kind == Kind::kFilter) e.folded = e.operands[0] && !std::ranges::count(kOfContext, e.name);
  const auto look = [&](const ExpressionPtr& p) {
    if (!p) return;
    below = std::max(below, p->height);
    e.folded &= p->folded;
  };
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

}  // namespace quire::jinja
