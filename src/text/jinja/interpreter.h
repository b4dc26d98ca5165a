// Walks a syntax tree and writes the rendering: jinja2's rules for names, attributes, loops, macros. One
// object for one rendering, in one thread. Fails with a Failure.
#pragma once
#include <ctime>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "text/jinja/arguments.h"
#include "text/jinja/object.h"
#include "text/jinja/scope.h"
#include "text/jinja/syntax.h"

namespace quire::jinja {

using Variables = std::vector<std::pair<std::string, Value>>;

class Interpreter {
 public:
  // `now` is what strftime_now tells. Both outlive the interpreter; the budget outlives every value.
  Interpreter(Budget& budget, const std::tm& now) : budget_(budget), now_(now) {}
  ~Interpreter();
  Interpreter(const Interpreter&) = delete;
  Interpreter& operator=(const Interpreter&) = delete;

  Text run(const Statement& root, const Variables& variables);

  // What filters, tests and methods need of it.
  Budget& budget() { return budget_; }
  const std::tm& now() const { return now_; }
  Value attribute(const Value& of, std::string_view name);  // a.b
  Value item(const Value& of, const Value& index);          // a[b]
  Value call(const Value& what, const Arguments&);
  Value filter(std::string_view name, const Value&, const Arguments&);
  bool test(std::string_view name, const Value&, const Arguments&);
  Value text(Text t) { return make_text(budget_, std::move(t)); }
  Value text(std::string_view bytes) { return make_text(budget_, bytes); }
  Value make_namespace(Namespace names);

 private:
  using ScopePtr = std::shared_ptr<Scope>;
  enum class Flow : unsigned char { kOn, kBreak, kContinue };
  struct Output {
    Text text{};
    std::optional<Failure> broken{};  // by what is no text: said when the pieces are put together
  };
  class Redirected;  // output, for as long as it lives
  static Text finished(Output);

  Flow run(const Statements&, const ScopePtr&);
  Flow run(const Statement&, const ScopePtr&);
  Flow run_if(const Statement&, const ScopePtr&);
  Flow run_with(const Statement&, const ScopePtr&);
  void run_for(const Statement&, const ScopePtr&);
  void walk_loop(const Statement&, const ScopePtr&, const Value& over, int64_t depth);
  void run_set(const Statement&, const ScopePtr&);
  void run_call(const Statement&, const ScopePtr&);
  Text captured(const Statements&, const ScopePtr&, Flow* flow = nullptr);
  Text loop_text(const Loop&, const Value& over);
  Text run_generation(const Statement&, const ScopePtr&);
  void assign(const Expression& target, const Value&, const ScopePtr&);
  void set(const std::string& name, const Value&, const ScopePtr&);  // at the top, in the context too
  void check_namespaces(const Expression& target, const ScopePtr&);
  void print(const Value&);
  void print_text(const Value&, uint32_t at);  // of a block, which jinja2 does not convert
  ScopePtr child(const ScopePtr& parent, const ScopeNames& names);  // entered
  void enter(Scope& scope);                                         // gives each name what its origin says
  ScopePtr block_scope(const Statement&, const ScopePtr& around);
  std::optional<Value> in_context(const Context&, const std::string& name) const;
  Value make_macro(const Statement&, std::string name, const ScopePtr&);

  Value evaluate(const Expression&, const ScopePtr&);
  Value evaluate_folded(const Expression&, const ScopePtr&);
  Value evaluate_node(const Expression&, const ScopePtr&);
  Value look_up(const std::string& name, const ScopePtr&);
  Value evaluate_compare(const Expression&, const ScopePtr&);
  Value evaluate_concat(const Expression&, const ScopePtr&);
  Value evaluate_call(const Expression&, const ScopePtr&, const Value* caller);
  Value evaluate_filter(const Expression&, const ScopePtr&, const Value* block);
  Arguments evaluate_arguments(const CallArguments&, const ScopePtr&);
  Values evaluate_all(const std::vector<ExpressionPtr>&, const ScopePtr&);
  Value call_macro(const Macro&, const Arguments&);
  Value call_loop(const Loop&, const Arguments&);

  Budget& budget_;
  const std::tm& now_;
  Output* out_ = nullptr;
  bool folding_ = false;  // in what jinja2 computes when it compiles
  ScopePtr root_;
  std::vector<std::shared_ptr<Object>> namespaces_;  // emptied at the end: they may hold each other
  std::vector<ScopePtr> captured_scopes_;            // of macros: these and their contexts, the same
};

}  // namespace quire::jinja
