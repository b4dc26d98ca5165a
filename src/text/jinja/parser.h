// Tokens to a syntax tree: jinja2's grammar with break, continue and generation. Nesting is bounded.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "text/jinja/lexer.h"
#include "text/jinja/syntax.h"

namespace quire::jinja {

// Of a normalized source: a statement of the kind kTemplate. Fails with a position.
std::unique_ptr<Statement> parse(std::string_view source);

inline constexpr int32_t kMaxParseDepth = 100;  // of brackets, operators before a value, and blocks
inline constexpr int32_t kMaxHeight = 400;      // of a tree: also chains such as a + b + c count

// The half that reads expressions: operators in expression_parser.cc, what stands between them in
// operand_parser.cc, what follows a value in postfix_parser.cc. The other half, in parser.cc, reads
// statements.
class ExpressionParser {
 public:
  explicit ExpressionParser(std::vector<Lexeme> tokens) : tokens_(std::move(tokens)) {}

 protected:
  struct Nested {  // one level of nesting, for as long as it lives
    explicit Nested(ExpressionParser& p);
    ~Nested() { --parser.depth_; }
    ExpressionParser& parser;
  };

  const Lexeme& now() const { return tokens_[next_]; }
  const Lexeme& ahead() const { return tokens_[std::min(next_ + 1, tokens_.size() - 1)]; }
  const Lexeme& take() { return tokens_[next_ + 1 < tokens_.size() ? next_++ : next_]; }
  bool at_name(std::string_view name) const { return now().kind == TokenKind::kName && now().text == name; }
  bool at_operator(std::string_view op) const {
    return now().kind == TokenKind::kOperator && now().text == op;
  }
  bool skip_name(std::string_view name);
  bool skip_operator(std::string_view op);
  void expect_operator(std::string_view op);
  void expect_name(std::string_view name);
  std::string expect_any_name();
  template <class... T>
  static std::vector<ExpressionPtr> operands(T... v) {
    std::vector<ExpressionPtr> all;
    (all.push_back(std::move(v)), ...);
    return all;
  }
  [[noreturn]] void wrong(std::string message) const { fail_at(now().at, std::move(message)); }
  std::string shown() const;  // the token at hand, for messages

  ExpressionPtr expression(bool with_condition = true);
  ExpressionPtr tuple(bool with_condition, std::string_view end_name = {}, bool in_brackets = false);
  ExpressionPtr target(std::string_view end_name = {}, bool namespaces = false);  // of an assignment
  ExpressionPtr filters(ExpressionPtr value, bool first_is_name = false);

  bool soft_ = false;  // inside an if: an unknown filter or test fails only when it is reached

 private:
  ExpressionPtr node(ExpressionKind kind, uint32_t at, std::vector<ExpressionPtr> operands = {},
                     std::string name = {});
  void measure(Expression& e) const;
  ExpressionPtr condition();
  ExpressionPtr or_expression();
  ExpressionPtr and_expression();
  ExpressionPtr not_expression();
  ExpressionPtr comparison();
  ExpressionPtr sum();
  ExpressionPtr concat();
  ExpressionPtr product();
  ExpressionPtr power();
  ExpressionPtr unary(bool with_filter = true);
  ExpressionPtr primary(bool namespaces = false);
  ExpressionPtr name_or_constant(bool namespaces);
  ExpressionPtr list();
  ExpressionPtr dictionary();
  ExpressionPtr postfix(ExpressionPtr value);
  ExpressionPtr subscript(ExpressionPtr value);
  ExpressionPtr subscribed();
  ExpressionPtr call(ExpressionPtr value);
  ExpressionPtr test(ExpressionPtr value);
  CallArguments call_arguments();
  bool at_tuple_end(std::string_view end_name) const;
  void must_be_known(bool known, std::string_view kind, const std::string& name, uint32_t at);

  std::vector<Lexeme> tokens_;
  size_t next_ = 0;
  int32_t depth_ = 0;
  std::vector<std::pair<uint32_t, std::string>> unknown_;  // filters and tests of the expression at hand
  int32_t open_expressions_ = 0;
};

}  // namespace quire::jinja
