#include "text/jinja/object.h"

namespace quire::jinja {

std::string object_type_name(const Object& o) {
  constexpr std::string_view kNames[] = {"Namespace", "Macro",  "LoopContext",
                                         "Cycler",    "Joiner", "builtin_function_or_method"};
  return std::string(kNames[o.is.index()]);
}

Value make_object(Object o) { return std::make_shared<Object>(std::move(o)); }

}  // namespace quire::jinja
