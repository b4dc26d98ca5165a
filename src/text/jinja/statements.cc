// The half of the interpreter that runs statements.
#include <algorithm>

#include "text/jinja/interpreter.h"
#include "text/jinja/print.h"

namespace quire::jinja {

Interpreter::~Interpreter() {
  for (const auto& n : namespaces_) std::get<Namespace>(n->is).names.clear();
  for (const ScopePtr& s : captured_scopes_) s->names.clear();
}

Text Interpreter::run(const Statements& all, const Variables& variables) {
  Text to;
  out_ = &to;
  root_ = std::make_shared<Scope>();
  root_->names = variables;
  run(all, root_);
  return to;
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
    case StatementKind::kText:
      append(*out_, s.text);
      budget_.check_text(out_->bytes.size());
      break;
    case StatementKind::kOutput:
      for (const auto& e : s.expressions) print(evaluate(*e, scope));
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
      const Value body = make_text(budget_, captured(s.bodies[0], child(scope), &flow));
      if (flow != Flow::kOn) return flow;
      assign(*s.target, s.value ? evaluate_filter(*s.value, scope, &body) : body, scope);
      break;
    }
    case StatementKind::kWith:
      return run_with(s, scope);
    case StatementKind::kMacro:
      scope->set(s.text, make_macro(s, s.text, scope));
      break;
    case StatementKind::kCall:
      run_call(s, scope);
      break;
    case StatementKind::kFilter: {
      Flow flow = Flow::kOn;
      const ScopePtr inner = child(scope);
      const Value body = make_text(budget_, captured(s.bodies[0], inner, &flow));
      if (flow != Flow::kOn) return flow;
      print_text(evaluate_filter(*s.value, inner, &body));
      break;
    }
    case StatementKind::kBlock:
      run(s.bodies[0], child(s.scoped ? scope : root_));
      break;
    case StatementKind::kGeneration:
      append(*out_, captured(s.bodies[0], child(scope)));
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
  append_str(budget_, v, *out_);
  budget_.check_text(out_->bytes.size());
}

void Interpreter::print_text(const Value& v) {
  refuse_undefined(v);
  if (!v.text()) fail("a filter or call block makes a string, got '" + type_name(v) + "'");
  print(v);
}

Interpreter::Flow Interpreter::run_if(const Statement& s, const ScopePtr& scope) {
  for (size_t i = 0; i < s.expressions.size(); ++i)
    if (is_true(evaluate(*s.expressions[i], scope))) return run(s.bodies[i], scope);
  return s.bodies.size() > s.expressions.size() ? run(s.bodies.back(), scope) : Flow::kOn;
}

Interpreter::Flow Interpreter::run_with(const Statement& s, const ScopePtr& scope) {
  const ScopePtr inner = child(scope);
  for (size_t i = 0; i < s.targets.size(); ++i)
    assign(*s.targets[i], evaluate(*s.expressions[i], scope), inner);
  return run(s.bodies[0], inner);
}

void Interpreter::run_for(const Statement& s, const ScopePtr& scope) {
  walk_loop(s, scope, evaluate(*s.value, scope), 0);
}

void Interpreter::walk_loop(const Statement& s, const ScopePtr& scope, const Value& over, int64_t depth) {
  Values items = items_of(budget_, over);
  if (s.test) {
    Values kept;
    for (Value& v : items) {
      const ScopePtr inner = child(scope);
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
  for (size_t i = 0; i < loop.items->size(); ++i) {
    budget_.charge();
    loop.index = i;
    const ScopePtr inner = child(scope);
    inner->set("loop", loop_value);
    assign(*s.target, (*loop.items)[i], inner);
    const Flow flow = run(s.bodies[0], inner);
    if (flow == Flow::kBreak) break;
    if (flow == Flow::kOn) ran_through = true;
  }
  if (!ran_through && s.bodies.size() > 1) run(s.bodies[1], child(scope));
}

Text Interpreter::captured(const Statements& body, const ScopePtr& scope, Flow* flow) {
  struct Redirected {
    Redirected(Text*& to, Text* now) : to(to), old(to) { to = now; }
    ~Redirected() { to = old; }
    Text*& to;
    Text* old;
  };
  Text to;
  const Redirected redirected(out_, &to);
  const Flow ended = run(body, scope);
  if (flow) *flow = ended;
  return to;
}

void Interpreter::run_set(const Statement& s, const ScopePtr& scope) {
  if (s.target->kind == ExpressionKind::kNamespaceTarget) {
    Value target = look_up(s.target->name, scope);
    if (!target.object() || !std::holds_alternative<Namespace>(target.object()->is))
      fail("cannot assign attribute on non-namespace object");
  }
  assign(*s.target, evaluate(*s.value, scope), scope);
}

void Interpreter::assign(const Expression& target, const Value& v, const ScopePtr& scope) {
  if (target.kind == ExpressionKind::kName) return scope->set(target.name, v);
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
  print_text(evaluate_call(*s.value, scope, &caller));
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
