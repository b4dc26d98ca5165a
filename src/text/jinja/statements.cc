// The half of the interpreter that runs statements.
#include <algorithm>
#include <ranges>

#include "text/jinja/globals.h"
#include "text/jinja/interpreter.h"
#include "text/jinja/print.h"

namespace quire::jinja {

Interpreter::~Interpreter() {
  for (const auto& n : namespaces_) std::get<Namespace>(n->is).names.clear();
  for (const ScopePtr& s : captured_scopes_) {
    s->clear();
    s->context->clear();
  }
  if (root_) root_->context->clear();  // macros at the top hold it, and it holds them
}

class Interpreter::Redirected {
 public:
  Redirected(Output*& to, Output* now) : to_(to), old_(to) { to = now; }
  ~Redirected() { to_ = old_; }
  Redirected(const Redirected&) = delete;
  Redirected& operator=(const Redirected&) = delete;

 private:
  Output*& to_;
  Output* const old_;
};

Text Interpreter::finished(Output output) {
  if (output.broken) throw *output.broken;
  return std::move(output.text);
}

Text Interpreter::run(const Statement& root, const Variables& variables) {
  Output to;
  const Redirected redirected(out_, &to);
  root_ = std::make_shared<Scope>(Scope{nullptr, std::make_shared<Context>(), &root.scopes[0]});
  for (const auto& [name, v] : variables) root_->context->insert_or_assign(name, v);
  enter(*root_);
  run(root.bodies[0], root_);
  return finished(std::move(to));
}

Interpreter::ScopePtr Interpreter::child(const ScopePtr& parent, const ScopeNames& names) {
  const ScopePtr scope = std::make_shared<Scope>(Scope{parent, parent->context, &names});
  enter(*scope);
  return scope;
}

void Interpreter::enter(Scope& scope) {
  budget_.charge(scope.names->size() / 8);
  scope.values.resize(scope.names->size());
  for (size_t i = 0; i < scope.values.size(); ++i) {
    const ScopeName& name = (*scope.names)[i];
    std::optional<Value>& v = scope.values[i];
    v.reset();
    if (name.origin == NameOrigin::kContext) v = in_context(*scope.context, name.name);
    if (name.origin != NameOrigin::kOuter) continue;
    for (Scope* outer = scope.parent.get(); outer; outer = outer->parent.get())
      if (const std::optional<Value>* held = outer->find(name.name)) {
        v = *held;
        break;
      }
  }
}

std::optional<Value> Interpreter::in_context(const Context& context, const std::string& name) const {
  const auto place = context.find(name);
  return place == context.end() ? find_global(name) : place->second;
}

// A block sees the context alone; a scoped one also what the scopes around it have set.
Interpreter::ScopePtr Interpreter::block_scope(const Statement& s, const ScopePtr& around) {
  std::shared_ptr<Context> context = around->context;
  if (s.scoped) {
    context = std::make_shared<Context>(*context);
    std::vector<const Scope*> scopes;
    for (const Scope* outer = around.get(); outer; outer = outer->parent.get()) scopes.push_back(outer);
    for (const Scope* outer : scopes | std::views::reverse)
      for (size_t i = 0; i < outer->values.size(); ++i)
        if ((*outer->names)[i].set && outer->values[i])
          context->insert_or_assign((*outer->names)[i].name, *outer->values[i]);
    budget_.charge(context->size());
  }
  const ScopePtr scope = std::make_shared<Scope>(Scope{nullptr, std::move(context), &s.scopes[0]});
  enter(*scope);
  return scope;
}

Interpreter::Flow Interpreter::run(const Statements& all, const ScopePtr& scope) {
  for (const auto& s : all)
    if (const Flow flow = run(*s, scope); flow != Flow::kOn) return flow;
  return Flow::kOn;
}

Interpreter::Flow Interpreter::run(const Statement& s, const ScopePtr& scope) try {
  Level level(budget_);
  budget_.charge();
  switch (s.kind) {
    case StatementKind::kTemplate:
      break;
    case StatementKind::kText:
      append(out_->text, s.text);
      budget_.check_text(out_->text.bytes.size());
      break;
    case StatementKind::kOutput:
      for (const auto& e : s.expressions) print(e->folded ? evaluate_folded(*e, scope) : evaluate(*e, scope));
      break;
    case StatementKind::kIf:
      return run_if(s, scope);
    case StatementKind::kFor:
      run_for(s, scope);
      break;
    case StatementKind::kSet:
      run_set(s, scope);
      break;
    case StatementKind::kSetBlock: {
      Flow flow = Flow::kOn;
      const ScopePtr inner = child(scope, s.scopes[0]);
      const Value body = make_text(budget_, captured(s.bodies[0], inner, &flow));
      if (flow != Flow::kOn) return flow;
      assign(*s.target, s.value ? evaluate_filter(*s.value, inner, &body) : body, scope);
      inner->clear();
      break;
    }
    case StatementKind::kWith:
      return run_with(s, scope);
    case StatementKind::kMacro:
      set(s.text, make_macro(s, s.text, scope), scope);
      break;
    case StatementKind::kCall:
      run_call(s, scope);
      break;
    case StatementKind::kFilter: {
      Flow flow = Flow::kOn;
      const ScopePtr inner = child(scope, s.scopes[0]);
      const Value body = make_text(budget_, captured(s.bodies[0], inner, &flow));
      if (flow != Flow::kOn) return flow;
      print_text(evaluate_filter(*s.value, inner, &body), s.at);
      inner->clear();
      break;
    }
    case StatementKind::kBlock:
      if (s.required) fail("Required block '" + s.text + "' not found");
      run(s.bodies[0], block_scope(s, scope));
      break;
    case StatementKind::kGeneration:
      append(out_->text, run_generation(s, scope));
      break;
    case StatementKind::kBreak:
      return Flow::kBreak;
    case StatementKind::kContinue:
      return Flow::kContinue;
  }
  return Flow::kOn;
} catch (Failure& failure) {
  if (!failure.at) failure.at = s.at;
  throw;
}

void Interpreter::print(const Value& v) {
  append_str(budget_, v, out_->text);
  budget_.check_text(out_->text.bytes.size());
}

void Interpreter::print_text(const Value& v, uint32_t at) {
  if (v.text()) return print(v);
  if (!out_->broken)
    out_->broken = Failure{"a filter or call block makes a string, got '" + type_name(v) + "'", at};
}

Interpreter::Flow Interpreter::run_if(const Statement& s, const ScopePtr& scope) {
  for (size_t i = 0; i < s.expressions.size(); ++i)
    if (is_true(evaluate(*s.expressions[i], scope))) return run(s.bodies[i], scope);
  return s.bodies.size() > s.expressions.size() ? run(s.bodies.back(), scope) : Flow::kOn;
}

Interpreter::Flow Interpreter::run_with(const Statement& s, const ScopePtr& scope) {
  const ScopePtr inner = child(scope, s.scopes[0]);
  for (size_t i = 0; i < s.targets.size(); ++i)
    assign(*s.targets[i], evaluate(*s.expressions[i], scope), inner);
  const Flow flow = run(s.bodies[0], inner);
  inner->clear();
  return flow;
}

// A call block of jinja2's whose caller nobody is.
Text Interpreter::run_generation(const Statement& s, const ScopePtr& scope) {
  const ScopePtr inner = child(scope, s.scopes[0]);
  if (s.uses_caller) inner->set("caller", undefined("No caller defined"));
  if (s.uses_kwargs) inner->set("kwargs", make_dictionary(budget_, {}));
  if (s.uses_varargs) inner->set("varargs", make_sequence(budget_, SequenceKind::kTuple, {}));
  return captured(s.bodies[0], inner);
}

void Interpreter::run_for(const Statement& s, const ScopePtr& scope) {
  walk_loop(s, scope, evaluate(*s.value, scope), 0);
}

void Interpreter::walk_loop(const Statement& s, const ScopePtr& scope, const Value& over, int64_t depth) {
  std::optional<Failure> broken;  // after the last item
  Values items = items_before_failure(budget_, over, broken);
  if (s.test) {
    Values kept;
    const ScopePtr inner = child(scope, s.scopes[2]);
    for (Value& v : items) {
      assign(*s.target, v, inner);
      if (is_true(evaluate(*s.test, inner))) kept.push_back(std::move(v));
    }
    items = std::move(kept);
  }
  Object state{Loop{.items = std::make_shared<const Values>(std::move(items)), .depth = depth}};
  const Value loop_value = make_object(std::move(state));
  Loop& loop = std::get<Loop>(loop_value.object()->is);
  if (s.recursive) {
    loop.node = &s;
    loop.scope = scope;
  }
  bool ran_through = false;  // one round to its end: what jinja2 asks before it runs the else
  const ScopePtr inner = std::make_shared<Scope>(Scope{scope, scope->context, &s.scopes[0]});
  for (size_t i = 0; i < loop.items->size(); ++i) {
    budget_.charge();
    loop.index = i;
    enter(*inner);
    inner->set("loop", loop_value);
    assign(*s.target, (*loop.items)[i], inner);
    const Flow flow = run(s.bodies[0], inner);
    if (flow == Flow::kBreak) {
      broken.reset();
      break;
    }
    if (flow == Flow::kOn) ran_through = true;
  }
  if (broken) throw *broken;
  const bool has_else = s.bodies.size() > 1;
  if (!s.recursive || has_else) inner->clear();  // a macro of the body forgets what it knew, as in jinja2
  if (!ran_through && has_else) run(s.bodies[1], child(scope, s.scopes[1]));
}

Text Interpreter::captured(const Statements& body, const ScopePtr& scope, Flow* flow) {
  Output to;
  const Redirected redirected(out_, &to);
  const Flow ended = run(body, scope);
  if (flow) *flow = ended;
  return ended == Flow::kOn ? finished(std::move(to)) : Text();
}

Text Interpreter::loop_text(const Loop& loop, const Value& over) {
  Output to;
  const Redirected redirected(out_, &to);
  walk_loop(*loop.node, loop.scope, over, loop.depth + 1);
  return finished(std::move(to));
}

void Interpreter::run_set(const Statement& s, const ScopePtr& scope) {
  check_namespaces(*s.target, scope);
  assign(*s.target, evaluate(*s.value, scope), scope);
}

void Interpreter::check_namespaces(const Expression& target, const ScopePtr& scope) {
  for (const auto& part : target.operands) check_namespaces(*part, scope);
  if (target.kind != ExpressionKind::kNamespaceTarget) return;
  const Value held = look_up(target.name, scope);
  if (!held.object() || !std::holds_alternative<Namespace>(held.object()->is))
    fail("cannot assign attribute on non-namespace object");
}

void Interpreter::set(const std::string& name, const Value& v, const ScopePtr& scope) {
  scope->set(name, v);
  if (scope == root_) scope->context->insert_or_assign(name, v);
}

void Interpreter::assign(const Expression& target, const Value& v, const ScopePtr& scope) {
  if (target.kind == ExpressionKind::kName) return set(target.name, v, scope);
  if (target.kind == ExpressionKind::kNamespaceTarget) {
    const Value held = look_up(target.name, scope);
    Namespace* n = held.object() ? std::get_if<Namespace>(&held.object()->is) : nullptr;
    if (!n) fail("cannot assign attribute on non-namespace object");
    const std::string& name = target.operators[0];
    if (name.starts_with('_'))
      fail("Chat templates cannot store underscore-prefixed attributes on a namespace, but got '" + name +
           "'. Please rename the attribute.");
    const auto place = std::ranges::find(n->names, name, [](const auto& p) { return p.first; });
    if (place != n->names.end()) place->second = v;
    else n->names.emplace_back(name, v);
    return;
  }
  const Values parts = items_of(budget_, v);
  if (parts.size() != target.operands.size())
    fail(parts.size() < target.operands.size()
             ? "not enough values to unpack (expected " + std::to_string(target.operands.size()) + ", got " +
                   std::to_string(parts.size()) + ")"
             : "too many values to unpack (expected " + std::to_string(target.operands.size()) + ")");
  for (size_t i = 0; i < parts.size(); ++i) assign(*target.operands[i], parts[i], scope);
}

Value Interpreter::make_macro(const Statement& s, std::string name, const ScopePtr& scope) {
  budget_.hold(256);  // until the end
  if (captured_scopes_.empty() || captured_scopes_.back() != scope) captured_scopes_.push_back(scope);
  return make_object({Macro{&s, std::move(name), scope}});
}

void Interpreter::run_call(const Statement& s, const ScopePtr& scope) {
  const Value caller = make_macro(s, "", scope);
  print_text(evaluate_call(*s.value, scope, &caller), s.at);
}

Value Interpreter::make_namespace(Namespace names) {
  for (const auto& [name, v] : names.names)
    if (name.starts_with('_'))
      fail("Chat templates cannot store underscore-prefixed attributes on a namespace, but got '" + name +
           "'. Please rename the attribute.");
  budget_.hold(256 + 64 * names.names.size());  // until the end
  Value v = make_object({std::move(names)});
  namespaces_.push_back(v.shared_object());
  return v;
}

}  // namespace quire::jinja
