// The half of the interpreter that computes expressions.
#include <algorithm>
#include <cmath>

#include "text/jinja/filters.h"
#include "text/jinja/interpreter.h"
#include "text/jinja/operators.h"
#include "text/jinja/print.h"
#include "text/jinja/tests.h"

namespace quire::jinja {

using Kind = ExpressionKind;

namespace {

bool is_negative(const Value& v) {
  if (const double* d = v.real()) return std::signbit(*d);
  return !v.boolean() && v.integer() && *v.integer() < 0;
}

}  // namespace

Value Interpreter::evaluate(const Expression& e, const ScopePtr& scope) try {
  Level level(budget_);
  budget_.charge();
  return evaluate_node(e, scope);
} catch (Failure& failure) {
  if (!failure.at) failure.at = e.at;
  throw;
}

// A whole output that is constant: there jinja2 takes a slice as it takes an item, undefined if it cannot be.
Value Interpreter::evaluate_folded(const Expression& e, const ScopePtr& scope) {
  folding_ = true;
  try {
    Value v = evaluate(e, scope);
    folding_ = false;
    return v;
  } catch (const Failure&) {
    folding_ = false;
    return evaluate(e, scope);
  }
}

Value Interpreter::evaluate_node(const Expression& e, const ScopePtr& scope) {
  const auto operand = [&](size_t i) { return evaluate(*e.operands[i], scope); };
  switch (e.kind) {
    case Kind::kConstant:
      return e.constant;
    case Kind::kName:
      return look_up(e.name, scope);
    case Kind::kAttribute:
      return attribute(operand(0), e.name);
    case Kind::kItem: {
      const Value of = operand(0);
      const Expression& index = *e.operands[1];
      if (index.kind != Kind::kSlice) return item(of, evaluate(index, scope));
      const auto bound = [&](size_t i) {
        return index.operands[i] ? evaluate(*index.operands[i], scope) : Value();
      };
      const Value start = bound(0), stop = bound(1), step = bound(2);
      if (!folding_) return slice(budget_, of, start, stop, step);
      const bool sliceable = of.text() || (of.sequence() && is_indexed(*of.sequence()));
      for (const Value& v : {start, stop, step})
        if (!sliceable || (!v.is_none() && !v.integer())) return undefined("a slice that cannot be");
      return slice(budget_, of, start, stop, step);
    }
    case Kind::kSlice:
      fail("a slice stands alone inside its brackets");
    case Kind::kCall:
      return evaluate_call(e, scope, nullptr);
    case Kind::kFilter:
      return evaluate_filter(e, scope, nullptr);
    case Kind::kTest: {
      const Value v = operand(0);
      return test(e.name, v, evaluate_arguments(e.arguments, scope));
    }
    case Kind::kList:
      return make_list(budget_, evaluate_all(e.operands, scope));
    case Kind::kTuple:
      return make_sequence(budget_, SequenceKind::kTuple, evaluate_all(e.operands, scope));
    case Kind::kDictionary: {
      std::vector<std::pair<Value, Value>> items;
      for (size_t i = 0; i < e.operands.size(); i += 2) {
        Value key = operand(i);
        items.emplace_back(std::move(key), operand(i + 1));
      }
      return make_dictionary(budget_, std::move(items));
    }
    case Kind::kNot:
      return !is_true(operand(0));
    case Kind::kNegative:
      return negative(operand(0));
    case Kind::kPositive:
      return positive(operand(0));
    case Kind::kAnd: {
      Value left = operand(0);
      return is_true(left) ? operand(1) : left;
    }
    case Kind::kOr: {
      Value left = operand(0);
      return is_true(left) ? left : operand(1);
    }
    case Kind::kCompare:
      return evaluate_compare(e, scope);
    case Kind::kConcat:
      return evaluate_concat(e, scope);
    case Kind::kBinary: {
      const Value left = operand(0);
      const bool quirk = e.name == "**" && e.operands[0]->folded && !e.operands[1]->folded;
      if (quirk && is_negative(left))  // jinja2 writes -2 ** x for Python, which reads -(2 ** x)
        return negative(binary(budget_, e.name, negative(left), operand(1)));
      return binary(budget_, e.name, left, operand(1));
    }
    case Kind::kCondition:
      if (is_true(operand(0))) return operand(1);
      if (e.operands[2]) return operand(2);
      return undefined("the inline if-expression evaluated to false and no else section was defined.");
    case Kind::kNamespaceTarget:
      break;
  }
  fail("an assignment's target is no value");
}

Value Interpreter::look_up(const std::string& name, const ScopePtr& scope) {
  size_t levels = 0;
  for (Scope* s = scope.get(); s; s = s->parent.get(), ++levels) {
    const std::optional<Value>* v = s->find(name);
    if (!v) continue;
    budget_.charge(levels / 8);
    if (*v) return **v;
    break;
  }
  return undefined("'" + name + "' is undefined");
}

Values Interpreter::evaluate_all(const std::vector<ExpressionPtr>& all, const ScopePtr& scope) {
  Values to;
  for (const auto& e : all) to.push_back(evaluate(*e, scope));
  return to;
}

Value Interpreter::evaluate_compare(const Expression& e, const ScopePtr& scope) {
  Value left = evaluate(*e.operands[0], scope);
  for (size_t i = 0; i < e.operators.size(); ++i) {
    Value right = evaluate(*e.operands[i + 1], scope);
    const std::string& op = e.operators[i];
    bool holds = false;
    if (op == "==") holds = equal(budget_, left, right);
    else if (op == "!=") holds = !equal(budget_, left, right);
    else if (op == "in") holds = contains(budget_, right, left);
    else if (op == "not in") holds = !contains(budget_, right, left);
    else holds = ordered(budget_, op, left, right);
    if (!holds) return false;
    left = std::move(right);
  }
  return true;
}

Value Interpreter::evaluate_concat(const Expression& e, const ScopePtr& scope) {
  Values all = evaluate_all(e.operands, scope);
  Text to;
  for (const Value& v : all) append_str(budget_, v, to);
  return make_text(budget_, std::move(to));
}

Arguments Interpreter::evaluate_arguments(const CallArguments& a, const ScopePtr& scope) {
  Arguments to;
  to.positional = evaluate_all(a.positional, scope);
  for (const auto& [name, e] : a.named) to.named.emplace_back(name, evaluate(*e, scope));
  if (a.star)
    for (Value& v : items_of(budget_, evaluate(*a.star, scope))) to.positional.push_back(std::move(v));
  if (a.star_star) {
    const Value v = evaluate(*a.star_star, scope);
    if (!v.dictionary()) fail("argument after ** must be a mapping, not " + type_name(v));
    for (const auto& [key, value] : v.dictionary()->items) {
      if (!key.text()) fail("keywords must be strings");
      const std::string& name = key.text()->bytes;
      budget_.charge(1 + to.named.size() / 8);
      if (std::ranges::any_of(to.named, [&](const auto& n) { return n.first == name; }))
        fail("got multiple values for keyword argument '" + name + "'");
      to.named.emplace_back(name, value);
    }
  }
  return to;
}

Value Interpreter::evaluate_call(const Expression& e, const ScopePtr& scope, const Value* caller) {
  const Value what = evaluate(*e.operands[0], scope);
  Arguments arguments = evaluate_arguments(e.arguments, scope);
  if (caller) arguments.named.emplace_back("caller", *caller);
  return call(what, arguments);
}

Value Interpreter::evaluate_filter(const Expression& e, const ScopePtr& scope, const Value* block) {
  const Expression* inner = e.operands[0].get();
  Value v;
  if (inner && block && inner->kind == Kind::kFilter) v = evaluate_filter(*inner, scope, block);
  else if (inner) v = evaluate(*inner, scope);
  else v = *block;
  return filter(e.name, v, evaluate_arguments(e.arguments, scope));
}

Value Interpreter::filter(std::string_view name, const Value& v, const Arguments& arguments) {
  const Filter* f = find_filter(name);
  if (!f) fail("No filter named '" + std::string(name) + "' found.");
  return f->apply(*this, v, arguments);
}

bool Interpreter::test(std::string_view name, const Value& v, const Arguments& arguments) {
  const Test* t = find_test(name);
  if (!t) fail("No test named '" + std::string(name) + "' found.");
  return t->holds(*this, v, arguments);
}

}  // namespace quire::jinja
