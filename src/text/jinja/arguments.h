// The arguments of a call, and their places in a function's list of parameters.
#pragma once
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "text/jinja/value.h"

namespace quire::jinja {

struct Arguments {
  Values positional;
  std::vector<std::pair<std::string, Value>> named;
};

// Fails if an argument is missing, given twice or not known. A name that begins with / is for messages only:
// such an argument goes by its place.
class Bound {
 public:
  Bound(std::string_view function, const Arguments&, std::initializer_list<std::string_view> names,
        size_t required = 0);
  bool has(size_t i) const { return values_[i].has_value(); }
  bool given(size_t i) const { return has(i) && !values_[i]->is_none(); }  // and not None
  const Value& operator[](size_t i) const { return *values_[i]; }
  bool truth(size_t i, bool otherwise) const { return has(i) ? is_true(*values_[i]) : otherwise; }
  int64_t integer(size_t i, int64_t otherwise) const;

 private:
  std::string shown_name(size_t i) const { return std::string(names_[i].substr(names_[i].starts_with('/'))); }

  std::vector<std::optional<Value>> values_;
  std::vector<std::string_view> names_;
};

}  // namespace quire::jinja
