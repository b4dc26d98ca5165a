// The methods of strings, as Python's str has them, in one table for each kind.
#pragma once
#include <span>
#include <string_view>

#include "text/jinja/arguments.h"
#include "text/jinja/methods.h"

namespace quire::jinja {

struct TextMethod {
  std::string_view name;
  Function::Call call;        // bound to a text
  bool keeps_markup = false;  // makes markup of markup
};

std::span<const TextMethod> change_methods();
std::span<const TextMethod> piece_methods();
std::span<const TextMethod> search_methods();
std::span<const TextMethod> class_methods();

inline const Text& self_text(const Value& self) { return *self.text(); }
inline const Text* optional_text(const Bound& b, size_t i,
                                 std::string_view what) {  // null: None or not given
  return b.given(i) ? &need_text(b[i], what) : nullptr;
}

}  // namespace quire::jinja
