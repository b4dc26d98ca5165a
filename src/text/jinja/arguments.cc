#include "text/jinja/arguments.h"

#include <algorithm>

namespace quire::jinja {

Bound::Bound(std::string_view function, const Arguments& given, std::initializer_list<std::string_view> names,
             size_t required)
    : values_(names.size()), names_(names) {
  const std::string name(function);
  if (given.positional.size() > names.size())
    fail(name + "() takes at most " + std::to_string(names.size()) + " arguments, got " +
         std::to_string(given.positional.size()));
  for (size_t i = 0; i < given.positional.size(); ++i) values_[i] = given.positional[i];
  for (const auto& [key, value] : given.named) {
    const size_t i = static_cast<size_t>(std::ranges::find(names_, key) - names_.begin());
    if (i == names_.size() || key.starts_with('/'))
      fail(std::string(name).append("() got an unexpected keyword argument '").append(key) + "'");
    if (values_[i]) fail(std::string(name).append("() got multiple values for argument '").append(key) + "'");
    values_[i] = value;
  }
  for (size_t i = 0; i < required; ++i)
    if (!values_[i]) fail(name + "() is missing the argument '" + shown_name(i) + "'");
}

int64_t Bound::integer(size_t i, int64_t otherwise) const {
  return has(i) ? need_integer(*values_[i], shown_name(i)) : otherwise;
}

}  // namespace quire::jinja
