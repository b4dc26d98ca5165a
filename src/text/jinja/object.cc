#include "text/jinja/object.h"

namespace quire::jinja {

Value* Scope::find(std::string_view name) {
  for (auto& [key, value] : names)
    if (key == name) return &value;
  return nullptr;
}

void Scope::set(std::string_view name, Value v) {
  if (Value* old = find(name)) *old = std::move(v);
  else names.emplace_back(name, std::move(v));
}

std::string object_type_name(const Object& o) {
  constexpr std::string_view kNames[] = {"Namespace", "Macro",  "LoopContext",
                                         "Cycler",    "Joiner", "builtin_function_or_method"};
  return std::string(kNames[o.is.index()]);
}

Value make_object(Object o) { return std::make_shared<Object>(std::move(o)); }

}  // namespace quire::jinja
