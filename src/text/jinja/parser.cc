// The half of the parser that reads statements.
#include "text/jinja/parser.h"

#include <algorithm>
#include <initializer_list>
#include <unordered_set>

#include "text/jinja/scopes.h"
#include "text/jinja/unicode.h"

namespace quire::jinja {
namespace {

using Kind = StatementKind;
using Ends = std::initializer_list<std::string_view>;

bool is_blank(std::string_view text) { return strip_right(text).empty(); }

template <class T>
class Restored {  // gives a variable its old value back
 public:
  Restored(T& v, T now) : variable_(v), old_(v) { v = now; }
  ~Restored() { variable_ = old_; }

 private:
  T& variable_;
  T old_;
};

class Parser : ExpressionParser {
 public:
  using ExpressionParser::ExpressionParser;

  std::unique_ptr<Statement> run() {
    auto root = statement(Kind::kTemplate, 0);
    root->bodies.push_back(statements({}));
    if (now().kind != TokenKind::kEnd) wrong("unexpected " + shown());
    find_scopes(*root);
    return root;
  }

 private:
  static std::unique_ptr<Statement> statement(Kind kind, uint32_t at) {
    return std::make_unique<Statement>(Statement{.kind = kind, .at = at});
  }

  // Until one of `ends` stands after {%, which is taken; the name is not.
  Statements statements(Ends ends) {
    Nested nested(*this);
    Statements all;
    for (;;) {
      const uint32_t at = now().at;
      switch (now().kind) {
        case TokenKind::kData:
          all.push_back(statement(Kind::kText, at));
          all.back()->text = take().text;
          break;
        case TokenKind::kVariableBegin:
          take();
          all.push_back(statement(Kind::kOutput, at));
          all.back()->expressions.push_back(tuple(true));
          if (now().kind != TokenKind::kVariableEnd) wrong("expected token '}}', got " + shown());
          take();
          break;
        case TokenKind::kBlockBegin:
          take();
          if (now().kind == TokenKind::kName && std::ranges::find(ends, now().text) != ends.end()) return all;
          all.push_back(one());
          end_of_tag();
          break;
        case TokenKind::kEnd:
          if (ends.size() == 0) return all;
          wrong("Unexpected end of template. Jinja was looking for '" + std::string(*ends.begin()) + "'.");
        default:
          wrong("unexpected " + shown());
      }
    }
  }

  void end_of_tag() {
    if (now().kind != TokenKind::kBlockEnd) wrong("expected token 'end of statement block', got " + shown());
    take();
  }

  Statements body(Ends ends) {
    skip_operator(":");
    end_of_tag();
    return statements(ends);
  }
  Statements whole_body(std::string_view end) {
    Statements all = body({end});
    take();
    return all;
  }

  std::unique_ptr<Statement> one() {
    if (now().kind != TokenKind::kName) wrong("tag name expected");
    const Lexeme tag = take();
    struct Row {
      std::string_view name;
      std::unique_ptr<Statement> (Parser::*read)(uint32_t at);
    };
    static constexpr Row kTags[] = {
        {"if", &Parser::if_tag},       {"for", &Parser::for_tag},     {"set", &Parser::set_tag},
        {"macro", &Parser::macro_tag}, {"call", &Parser::call_tag},   {"filter", &Parser::filter_tag},
        {"with", &Parser::with_tag},   {"print", &Parser::print_tag}, {"generation", &Parser::generation_tag},
        {"break", &Parser::break_tag}, {"block", &Parser::block_tag}, {"continue", &Parser::continue_tag}};
    for (const Row& row : kTags)
      if (row.name == tag.text) return (this->*row.read)(tag.at);
    constexpr std::string_view kOfOthers[] = {"include", "import", "from", "extends", "autoescape"};
    if (std::ranges::count(kOfOthers, tag.text))
      fail_at(tag.at, "the tag '" + tag.text + "' has no use in a chat template and is not supported");
    fail_at(tag.at, "Encountered unknown tag '" + tag.text.substr(0, 60) + "'.");
  }

  std::unique_ptr<Statement> if_tag(uint32_t at) {
    auto s = statement(Kind::kIf, at);
    const Restored<bool> soft(soft_, true);
    for (;;) {
      s->expressions.push_back(tuple(false));
      s->bodies.push_back(body({"elif", "else", "endif"}));
      const std::string end = take().text;
      if (end == "elif") continue;
      if (end == "else") s->bodies.push_back(whole_body("endif"));
      return s;
    }
  }

  std::unique_ptr<Statement> for_tag(uint32_t at) {
    auto s = statement(Kind::kFor, at);
    s->target = target("in");
    expect_name("in");
    s->value = tuple(false, "recursive");
    const Restored<bool> soft(soft_, false);
    if (skip_name("if")) s->test = expression();
    s->recursive = skip_name("recursive");
    {
      const Restored<bool> loop(in_loop_, true);
      s->bodies.push_back(body({"endfor", "else"}));
    }
    if (take().text == "else") s->bodies.push_back(whole_body("endfor"));
    return s;
  }

  std::unique_ptr<Statement> set_tag(uint32_t at) {
    auto s = statement(Kind::kSet, at);
    s->target = target({}, true);
    if (skip_operator("=")) {
      s->value = tuple(true);
      return s;
    }
    s->kind = Kind::kSetBlock;
    const Restored<bool> soft(soft_, false);
    if (at_operator("|")) s->value = filters(nullptr);
    s->bodies.push_back(whole_body("endset"));
    return s;
  }

  void signature(Statement& s) {
    expect_operator("(");
    while (!at_operator(")")) {
      if (!s.parameters.empty()) expect_operator(",");
      std::string name = expect_any_name();
      if (std::ranges::count(s.parameters, name)) wrong("duplicate argument '" + name + "' in a macro");
      s.parameters.push_back(std::move(name));
      if (skip_operator("=")) s.expressions.push_back(expression());
      else if (!s.expressions.empty()) wrong("non-default argument follows default argument");
    }
    take();
  }

  void macro_body(Statement& s, std::string_view end) {
    const Restored<bool> soft(soft_, false), loop(in_loop_, false);
    s.bodies.push_back(whole_body(end));
  }

  std::unique_ptr<Statement> macro_tag(uint32_t at) {
    auto s = statement(Kind::kMacro, at);
    s->text = expect_any_name();
    signature(*s);
    macro_body(*s, "endmacro");
    return s;
  }

  std::unique_ptr<Statement> call_tag(uint32_t at) {
    auto s = statement(Kind::kCall, at);
    if (at_operator("(")) signature(*s);
    s->value = expression();
    if (s->value->kind != ExpressionKind::kCall) fail_at(at, "expected call");
    macro_body(*s, "endcall");
    return s;
  }

  std::unique_ptr<Statement> filter_tag(uint32_t at) {
    auto s = statement(Kind::kFilter, at);
    const Restored<bool> soft(soft_, false);
    s->value = filters(nullptr, true);
    s->bodies.push_back(whole_body("endfilter"));
    return s;
  }

  std::unique_ptr<Statement> with_tag(uint32_t at) {
    auto s = statement(Kind::kWith, at);
    const Restored<bool> soft(soft_, false);
    while (now().kind != TokenKind::kBlockEnd) {
      if (!s->targets.empty()) expect_operator(",");
      s->targets.push_back(target());
      expect_operator("=");
      s->expressions.push_back(expression());
    }
    s->bodies.push_back(whole_body("endwith"));
    return s;
  }

  std::unique_ptr<Statement> print_tag(uint32_t at) {
    auto s = statement(Kind::kOutput, at);
    while (now().kind != TokenKind::kBlockEnd) {
      if (!s->expressions.empty()) expect_operator(",");
      s->expressions.push_back(expression());
    }
    return s;
  }

  std::unique_ptr<Statement> generation_tag(uint32_t at) {
    auto s = statement(Kind::kGeneration, at);
    const Restored<bool> soft(soft_, false), loop(in_loop_, false);
    s->bodies.push_back(whole_body("endgeneration"));
    return s;
  }

  std::unique_ptr<Statement> block_tag(uint32_t at) {
    auto s = statement(Kind::kBlock, at);
    s->text = expect_any_name();
    if (!blocks_.insert(s->text).second) fail_at(at, "block '" + s->text + "' defined twice");
    s->scoped = skip_name("scoped");
    s->required = skip_name("required");
    const Restored<bool> soft(soft_, false), loop(in_loop_, false);
    s->bodies.push_back(whole_body("endblock"));
    const auto blank = [](const auto& in) { return in->kind == Kind::kText && is_blank(in->text); };
    if (s->required && !std::ranges::all_of(s->bodies[0], blank))
      fail_at(at, "Required blocks can only contain comments or whitespace");
    skip_name(s->text);
    return s;
  }

  std::unique_ptr<Statement> break_tag(uint32_t at) { return leave(Kind::kBreak, at, "break"); }
  std::unique_ptr<Statement> continue_tag(uint32_t at) { return leave(Kind::kContinue, at, "continue"); }
  std::unique_ptr<Statement> leave(Kind kind, uint32_t at, std::string_view name) {
    if (!in_loop_) fail_at(at, "'" + std::string(name) + "' outside loop");
    return statement(kind, at);
  }

  bool in_loop_ = false;
  std::unordered_set<std::string> blocks_;
};

}  // namespace

std::unique_ptr<Statement> parse(std::string_view source) { return Parser(lex(source)).run(); }

}  // namespace quire::jinja
