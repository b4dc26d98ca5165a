#include "text/jinja/tests.h"

#include "text/jinja/filters.h"
#include "text/jinja/interpreter.h"
#include "text/jinja/methods.h"
#include "text/jinja/operators.h"
#include "text/jinja/print.h"

namespace quire::jinja {
namespace {

using In = Interpreter;
using A = Arguments;

const Value& only(const A& a) {
  if (a.positional.size() != 1 || !a.named.empty()) fail("this test takes exactly one argument");
  return a.positional[0];
}

// The text that a filter or a test is looked up by; null: of no text there is one.
const Text* name_in(const Value& v) {
  if (!key_of(v)) fail("unhashable type: '" + type_name(v) + "'");
  return v.text();
}

void none(const A& a) {
  if (!a.positional.empty() || !a.named.empty()) fail("this test takes no argument");
}

bool divides(In& in, const Value& v, const Value& by, int64_t rest) {
  return equal(in.budget(), binary(in.budget(), "%", v, by), rest);
}
bool cased(In& in, const Value& v, std::string_view method) {
  return is_true(in.call(in.attribute(to_text(in.budget(), v), method), {}));
}
bool is_iterable(const Value& v) {
  return v.is_undefined() || v.text() || v.sequence() || v.dictionary() ||
         (v.object() && std::holds_alternative<Loop>(v.object()->is));
}
bool is_sequence(const Value& v) {
  const Sequence* s = v.sequence();
  return v.is_undefined() || v.text() || v.dictionary() ||
         (s && (s->kind == SequenceKind::kList || s->kind == SequenceKind::kTuple ||
                s->kind == SequenceKind::kRange));
}

template <char first, char second = '\0'>
bool compares(In& in, const Value& v, const A& a) {
  constexpr char kOp[] = {first, second, '\0'};
  return ordered(in.budget(), kOp, v, only(a));
}
bool eq(In& in, const Value& v, const A& a) { return equal(in.budget(), v, only(a)); }
bool ne(In& in, const Value& v, const A& a) { return !equal(in.budget(), v, only(a)); }

constexpr Test kTests[] = {
    {"odd",
     [](In& in, const Value& v, const A& a) {
       none(a);
       return divides(in, v, 2, 1);
     }},
    {"even",
     [](In& in, const Value& v, const A& a) {
       none(a);
       return divides(in, v, 2, 0);
     }},
    {"divisibleby",
     [](In& in, const Value& v, const A& a) {
       const Bound b("divisibleby", a, {"num"}, 1);
       return divides(in, v, b[0], 0);
     }},
    {"defined",
     [](In&, const Value& v, const A& a) {
       none(a);
       return !v.is_undefined();
     }},
    {"undefined",
     [](In&, const Value& v, const A& a) {
       none(a);
       return v.is_undefined();
     }},
    {"filter",
     [](In&, const Value& v, const A& a) {
       none(a);
       const Text* name = name_in(v);
       return name && find_filter(name->bytes);
     }},
    {"test",
     [](In&, const Value& v, const A& a) {
       none(a);
       const Text* name = name_in(v);
       return name && find_test(name->bytes);
     }},
    {"none",
     [](In&, const Value& v, const A& a) {
       none(a);
       return v.is_none();
     }},
    {"boolean",
     [](In&, const Value& v, const A& a) {
       none(a);
       return v.boolean() != nullptr;
     }},
    {"false",
     [](In&, const Value& v, const A& a) {
       none(a);
       return v.boolean() && !*v.boolean();
     }},
    {"true",
     [](In&, const Value& v, const A& a) {
       none(a);
       return v.boolean() && *v.boolean();
     }},
    {"integer",
     [](In&, const Value& v, const A& a) {
       none(a);
       return v.is_integer();
     }},
    {"float",
     [](In&, const Value& v, const A& a) {
       none(a);
       return v.real() != nullptr;
     }},
    {"lower",
     [](In& in, const Value& v, const A& a) {
       none(a);
       return cased(in, v, "islower");
     }},
    {"upper",
     [](In& in, const Value& v, const A& a) {
       none(a);
       return cased(in, v, "isupper");
     }},
    {"string",
     [](In&, const Value& v, const A& a) {
       none(a);
       return v.text() != nullptr;
     }},
    {"mapping",
     [](In&, const Value& v, const A& a) {
       none(a);
       return v.dictionary() != nullptr;
     }},
    {"number",
     [](In&, const Value& v, const A& a) {
       none(a);
       return v.is_number();
     }},
    {"sequence",
     [](In&, const Value& v, const A& a) {
       none(a);
       return is_sequence(v);
     }},
    {"iterable",
     [](In&, const Value& v, const A& a) {
       none(a);
       return is_iterable(v);
     }},
    {"callable",
     [](In&, const Value& v, const A& a) {
       none(a);
       return v.is_undefined() || (v.object() && !std::holds_alternative<Namespace>(v.object()->is) &&
                                   !std::holds_alternative<Cycler>(v.object()->is));
     }},
    {"sameas",
     [](In&, const Value& v, const A& a) {
       const Value& other = only(a);
       if (v.text() && other.text()) return v.text()->bytes == other.text()->bytes;
       return v.same(other);
     }},
    {"escaped",
     [](In&, const Value& v, const A& a) {
       none(a);
       return v.text() && v.text()->markup;
     }},
    {"in", [](In& in, const Value& v, const A& a) { return contains(in.budget(), only(a), v); }},
    {"==", eq},
    {"eq", eq},
    {"equalto", eq},
    {"!=", ne},
    {"ne", ne},
    {">", compares<'>'>},
    {"gt", compares<'>'>},
    {"greaterthan", compares<'>'>},
    {"ge", compares<'>', '='>},
    {">=", compares<'>', '='>},
    {"<", compares<'<'>},
    {"lt", compares<'<'>},
    {"lessthan", compares<'<'>},
    {"<=", compares<'<', '='>},
    {"le", compares<'<', '='>}};

}  // namespace

const Test* find_test(std::string_view name) {
  for (const Test& t : kTests)
    if (t.name == name) return &t;
  return nullptr;
}

}  // namespace quire::jinja
