// Python's arithmetic and slices on values.
#pragma once
#include <optional>
#include <string_view>

#include "text/jinja/value.h"

namespace quire::jinja {

Value binary(Budget&, std::string_view op, const Value& a, const Value& b);
Value negative(const Value&);
Value positive(const Value&);
Value slice(Budget&, const Value&, const Value& start, const Value& stop,
            const Value& step);  // None: left out
Value percent_format(Budget&, const Text& format, const Value& arguments);
double need_number(const Value&, std::string_view what);
Value integer_of(double);  // int(v)

}  // namespace quire::jinja
