#include "text/jinja/scope.h"

#include <algorithm>

namespace quire::jinja {

std::optional<Value>* Scope::find(std::string_view name) {
  const auto place = std::ranges::lower_bound(*names, name, {}, &ScopeName::name);
  if (place == names->end() || place->name != name) return nullptr;
  return &values[static_cast<size_t>(place - names->begin())];
}

void Scope::set(std::string_view name, Value v) {
  if (std::optional<Value>* place = find(name)) *place = std::move(v);
}

void Scope::clear() {
  for (std::optional<Value>& v : values) v.reset();
}

}  // namespace quire::jinja
