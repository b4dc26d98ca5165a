// "a.b.0" as filters take it: items of items, numbers as indices.
#pragma once
#include "text/jinja/interpreter.h"

namespace quire::jinja {

Value attribute_path(Interpreter&, const Value& of, const Value& path, const Value* otherwise = nullptr);
Value ignore_case(Interpreter&, const Value&);  // a text in lower case; anything else as it is

}  // namespace quire::jinja
