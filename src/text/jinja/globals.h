// The functions that every template can call: jinja2's and those that transformers adds.
#pragma once
#include <optional>
#include <string_view>

#include "text/jinja/value.h"

namespace quire::jinja {

std::optional<Value> find_global(std::string_view name);

}  // namespace quire::jinja
