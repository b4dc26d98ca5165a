// The tests of jinja2 (`x is defined`), by name.
#pragma once
#include <string_view>

#include "text/jinja/arguments.h"

namespace quire::jinja {

class Interpreter;

struct Test {
  std::string_view name;
  bool (*holds)(Interpreter&, const Value&, const Arguments&);
};

const Test* find_test(std::string_view name);  // null: there is none

}  // namespace quire::jinja
