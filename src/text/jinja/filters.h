// The filters of jinja2 and transformers, by name.
#pragma once
#include <span>
#include <string_view>

#include "text/jinja/arguments.h"

namespace quire::jinja {

class Interpreter;

struct Filter {
  std::string_view name;
  Value (*apply)(Interpreter&, const Value&, const Arguments&);
};

const Filter* find_filter(std::string_view name);  // null: there is none

std::span<const Filter> text_filters();
std::span<const Filter> html_filters();
std::span<const Filter> list_filters();
std::span<const Filter> lazy_filters();
std::span<const Filter> number_filters();

// Filters with a file of their own.
Value urlize(Interpreter&, const Value&, const Arguments&);
Value wordwrap(Interpreter&, const Value&, const Arguments&);
Value pprint(Interpreter&, const Value&, const Arguments&);

}  // namespace quire::jinja
