#include "text/jinja/filters.h"

namespace quire::jinja {

const Filter* find_filter(std::string_view name) {
  for (const auto& table : {text_filters(), list_filters(), lazy_filters(), html_filters(), number_filters()})
    for (const Filter& f : table)
      if (f.name == name) return &f;
  return nullptr;
}

}  // namespace quire::jinja
