// Calls, attributes and items: what jinja2's sandbox lets a template reach.
#include <algorithm>

#include "text/jinja/interpreter.h"
#include "text/jinja/markup.h"
#include "text/jinja/methods.h"
#include "text/jinja/operators.h"

namespace quire::jinja {
namespace {

Value no_attribute(const Value& of, std::string_view name) {
  return undefined("'" + described(of) + "' has no attribute '" + std::string(name) + "'");
}

Value loop_attribute(const Value& of, const Loop& loop, std::string_view name) {
  const auto number = [](size_t n) { return static_cast<int64_t>(n); };
  const size_t n = loop.items->size();
  if (name == "index") return number(loop.index + 1);
  if (name == "index0") return number(loop.index);
  if (name == "revindex") return number(n - loop.index);
  if (name == "revindex0") return number(n - loop.index - 1);
  if (name == "first") return loop.index == 0;
  if (name == "last") return loop.index + 1 == n;
  if (name == "length") return number(n);
  if (name == "depth") return loop.depth + 1;
  if (name == "depth0") return loop.depth;
  if (name == "previtem")
    return loop.index > 0 ? (*loop.items)[loop.index - 1] : undefined("there is no previous item");
  if (name == "nextitem")
    return loop.index + 1 < n ? (*loop.items)[loop.index + 1] : undefined("there is no next item");
  return no_attribute(of, name);
}

// What groupby's tuples, ranges and numbers have beside methods.
std::optional<Value> part_of(const Value& of, std::string_view name) {
  if (const Sequence* s = of.sequence()) {
    if (s->group && (name == "grouper" || name == "list")) return s->items[name == "list"];
    if (s->kind != SequenceKind::kRange) return std::nullopt;
    if (name == "start") return s->start;
    if (name == "stop") return s->stop;
    if (name == "step") return s->step;
  }
  if (!of.is_number()) return std::nullopt;
  if (name == "real" || (name == "numerator" && !of.real())) return positive(of);
  if (name == "imag") return of.real() ? Value(0.0) : Value(0);
  if (name == "denominator" && !of.real()) return 1;
  return std::nullopt;
}

}  // namespace

Value Interpreter::attribute(const Value& of, std::string_view name) {
  refuse_undefined(of);
  if (auto method = find_method(of, name)) return *method;
  if (name.starts_with("__") && name.ends_with("__"))
    return undefined("access to attribute '" + std::string(name) + "' of '" + type_name(of) +
                     "' object is unsafe.");
  if (auto part = part_of(of, name)) return *part;
  if (const Dictionary* d = of.dictionary()) {
    if (const Value* v = find(*d, name)) return *v;
  } else if (const Object* o = of.object()) {
    if (const Namespace* n = std::get_if<Namespace>(&o->is)) {
      for (const auto& [key, v] : n->names)
        if (key == name) return v;
    } else if (const Loop* loop = std::get_if<Loop>(&o->is)) {
      return loop_attribute(of, *loop, name);
    } else if (const Macro* macro = std::get_if<Macro>(&o->is)) {
      if (name == "name") return macro->name.empty() ? Value() : text(macro->name);
      if (name == "caller") return macro->node->uses_caller;
      if (name == "catch_kwargs") return macro->node->uses_kwargs;
      if (name == "catch_varargs") return macro->node->uses_varargs;
      if (name == "arguments") {
        Values names;
        for (const std::string& p : macro->node->parameters) names.push_back(text(p));
        return make_sequence(budget_, SequenceKind::kTuple, std::move(names));
      }
    } else if (const Cycler* cycler = std::get_if<Cycler>(&o->is)) {
      if (name == "current") return cycler->items[cycler->next];
    }
  }
  return no_attribute(of, name);
}

Value Interpreter::item(const Value& of, const Value& index) {
  refuse_undefined(of);
  const auto none = [&] {
    if (const Text* t = index.text()) return no_attribute(of, t->bytes);
    Text shown;
    append(shown, described(of) + " has no such element");
    return undefined(shown.bytes);
  };
  if (const Dictionary* d = of.dictionary()) {
    if (const Value* v = find(*d, index)) return *v;
  } else if (auto i = index.integer()) {
    const Sequence* s = of.sequence();
    const bool indexed = s && is_indexed(*s);
    if (indexed || of.text()) {
      const int64_t n = static_cast<int64_t>(*length_of(budget_, of));
      const int64_t at = *i < 0 ? *i + n : *i;
      if (at < 0 || at >= n) return none();
      if (indexed) return s->items[static_cast<size_t>(at)];
      const std::string& bytes = of.text()->bytes;
      const size_t begin = character_offset(bytes, static_cast<size_t>(at));
      size_t end = begin;
      read_character(bytes, end);
      Text one = part(*of.text(), begin, end);
      one.markup = of.text()->markup;
      return text(std::move(one));
    }
  }
  if (const Text* name = index.text(); name && !of.dictionary()) return attribute(of, name->bytes);
  if (const Text* name = index.text())
    if (auto method = find_method(of, name->bytes)) return *method;
  return none();
}

Value Interpreter::call(const Value& what, const Arguments& arguments) {
  Level level(budget_);
  refuse_undefined(what);
  if (const Object* o = what.object()) {
    if (const Macro* macro = std::get_if<Macro>(&o->is)) return call_macro(*macro, arguments);
    if (const Function* f = std::get_if<Function>(&o->is)) {
      Value made = f->call(*this, f->self, arguments);
      return f->makes_markup ? as_markup(budget_, made) : made;
    }
    if (const Loop* loop = std::get_if<Loop>(&o->is)) return call_loop(*loop, arguments);
    if (Joiner* joiner = std::get_if<Joiner>(&what.object()->is)) {
      if (!arguments.positional.empty() || !arguments.named.empty()) fail("a joiner takes no argument");
      if (joiner->used) return joiner->separator;
      joiner->used = true;
      return text("");
    }
  }
  fail("'" + type_name(what) + "' object is not callable");
}

Value Interpreter::call_loop(const Loop& loop, const Arguments& arguments) {
  const Bound bound("loop", arguments, {"iterable"}, 1);
  if (!loop.node) fail("The loop must have the 'recursive' marker to be called recursively.");
  return text(loop_text(loop, bound[0]));
}

Value Interpreter::call_macro(const Macro& macro, const Arguments& arguments) {
  const Statement& node = *macro.node;
  const std::vector<std::string>& names = node.parameters;
  const ScopePtr scope = child(macro.scope, node.scopes[0]);
  std::vector<std::pair<std::string, Value>> named = arguments.named;
  const auto take = [&](const std::string& name) {  // from the named ones into the scope
    const auto place = std::ranges::find(named, name, [](const auto& p) { return p.first; });
    if (place == named.end()) return false;
    scope->set(name, std::move(place->second));
    named.erase(place);
    return true;
  };
  std::vector<bool> given(names.size());
  for (size_t i = 0; i < names.size(); ++i) {
    if (i < arguments.positional.size()) {
      scope->set(names[i], arguments.positional[i]);
      given[i] = true;
    } else {
      given[i] = take(names[i]);
    }
  }
  const bool own_caller = std::ranges::count(names, "caller") > 0;
  if (node.uses_caller && !own_caller && (!take("caller") || (*scope->find("caller"))->is_none()))
    scope->set("caller", undefined("No caller defined"));
  if (node.uses_kwargs && !std::ranges::count(names, "kwargs")) {
    std::vector<std::pair<Value, Value>> rest;
    rest.reserve(named.size());
    for (auto& [name, v] : named) rest.emplace_back(text(name), std::move(v));
    named.clear();
    scope->set("kwargs", make_dictionary(budget_, std::move(rest)));
  }
  const std::string shown = "macro '" + (macro.name.empty() ? "caller" : macro.name) + "'";
  if (!named.empty()) fail(shown + " takes no keyword argument '" + named[0].first + "'");
  const size_t taken = std::min(names.size(), arguments.positional.size());
  if (node.uses_varargs && !std::ranges::count(names, "varargs")) {
    Values rest(arguments.positional.begin() + static_cast<ptrdiff_t>(taken), arguments.positional.end());
    scope->set("varargs", make_sequence(budget_, SequenceKind::kTuple, std::move(rest)));
  } else if (arguments.positional.size() > names.size()) {
    fail(shown + " takes not more than " + std::to_string(names.size()) + " argument(s)");
  }
  for (size_t i = 0; i < names.size(); ++i) {
    if (given[i]) continue;
    const size_t defaults = node.expressions.size(), from = names.size() - defaults;
    scope->set(names[i], i >= from ? evaluate(*node.expressions[i - from], scope)
                                   : undefined("parameter '" + names[i] + "' was not provided"));
  }
  return text(captured(node.bodies[0], scope));
}

}  // namespace quire::jinja
