#include "text/jinja/text_methods.h"

namespace quire::jinja {

Value text_method(std::string_view name, const Value& self) {
  for (const auto& table : {change_methods(), piece_methods(), search_methods(), class_methods()})
    for (const TextMethod& m : table)
      if (m.name == name)
        return make_object(
            {Function{std::string(name), m.call, self, m.keeps_markup && self_text(self).markup}});
  return Value();
}

}  // namespace quire::jinja
