#include "text/jinja/attribute_path.h"

#include <algorithm>

#include "text/jinja/methods.h"

namespace quire::jinja {

Value attribute_path(Interpreter& in, const Value& of, const Value& path, const Value* otherwise) {
  Value v = of;
  if (path.is_none()) return v;
  const auto step = [&](const Value& index) {
    v = in.item(v, index);
    if (otherwise && v.is_undefined()) v = *otherwise;
  };
  const Text* names = path.text();
  if (!names) {
    step(path);
    return v;
  }
  for (size_t at = 0; at <= names->bytes.size();) {
    const size_t end = std::min(names->bytes.find('.', at), names->bytes.size());
    const std::string name = names->bytes.substr(at, end - at);
    const bool number =
        !name.empty() && name.size() < 10 && name.find_first_not_of("0123456789") == std::string::npos;
    step(number ? Value(static_cast<int64_t>(std::stol(name))) : in.text(name));
    at = end + 1;
  }
  return v;
}

Value ignore_case(Interpreter& in, const Value& v) { return v.text() ? in.text(lower(*v.text())) : v; }

}  // namespace quire::jinja
