// Values as Python prints them: str(), repr(), floats, and json.dumps.
#pragma once
#include <string>
#include <string_view>

#include "text/jinja/value.h"

namespace quire::jinja {

void append_str(Budget&, const Value&, Text& to);
void append_repr(Budget&, const Value&, Text& to);
Value to_text(Budget&, const Value&);  // str(); a text is returned as it is
std::string float_repr(double);        // 1.0, 1e+16, inf

struct JsonStyle {
  bool ensure_ascii = false, sort_keys = false;
  bool indented = false;
  std::string indent{};  // of one level
  Text item_separator{", ", {}}, key_separator{": ", {}};
};
void append_json(Budget&, const Value&, const JsonStyle&, Text& to);

}  // namespace quire::jinja
