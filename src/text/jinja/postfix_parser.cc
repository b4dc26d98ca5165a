// The part of the expression parser that reads what follows a value: attributes, items, calls, filters,
// tests.
#include <algorithm>

#include "text/jinja/filters.h"
#include "text/jinja/parser.h"
#include "text/jinja/tests.h"

namespace quire::jinja {

using Kind = ExpressionKind;

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
