// The values that are neither data nor text: namespaces, macros, loops, bound methods, functions.
#pragma once
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "text/jinja/value.h"

namespace quire::jinja {

struct Statement;
struct Scope;
struct Arguments;
class Interpreter;

struct Namespace {
  std::vector<std::pair<std::string, Value>> names;
};
struct Macro {
  const Statement* node = nullptr;  // of the template, which outlives it
  std::string name;                 // empty: the body of a call block
  std::shared_ptr<Scope> scope;
};
struct Loop {
  std::shared_ptr<const Values> items;
  size_t index = 0;  // from 0
  int64_t depth = 0;
  Value last_changed{};
  bool has_changed = false;
  const Statement* node = nullptr;  // set: recursive
  std::shared_ptr<Scope> scope{};
};
struct Cycler {
  Values items;
  size_t next = 0;
};
struct Joiner {
  Value separator;
  bool used = false;
};
// A function with what it is bound to: a method, or a global function (bound to None).
struct Function {
  using Call = Value (*)(Interpreter&, const Value& self, const Arguments&);
  std::string name;
  Call call = nullptr;
  Value self{};
  bool makes_markup = false;  // of a text that is markup: what it makes is markup, too
};

struct Object {
  std::variant<Namespace, Macro, Loop, Cycler, Joiner, Function> is;
};

std::string object_type_name(const Object&);
Value make_object(Object);

}  // namespace quire::jinja
