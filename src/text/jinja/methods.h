// The methods that values have, by name: a table for each type.
#pragma once
#include <optional>
#include <string_view>

#include "text/jinja/object.h"

namespace quire::jinja {

// Bound to `of`. What changes a list or a dictionary is there but undefined: the sandbox is immutable.
std::optional<Value> find_method(const Value& of, std::string_view name);

// Methods of strings that filters use too. Each keeps the origin of every character.
Text upper(const Text&);
Text lower(const Text&);
Text capitalize(const Text&);
Text centered(Budget&, const Text&, int64_t width, const Text& fill);
enum class Side : unsigned char { kBoth, kLeft, kRight };
Text stripped(const Text&, const Text* characters, Side);  // null: white space
Text replaced(Budget&, const Text&, const Text& from, const Text& to, int64_t most);
std::vector<TextRange> lines_of(const Text&, bool keep_ends);  // as str.splitlines
Value format_with_braces(Interpreter&, const Value& format, const Arguments&);

Value text_method(std::string_view name, const Value& self);  // None: no such method

}  // namespace quire::jinja
