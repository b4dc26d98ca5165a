// Fields that we know and do not support yet: when a value of theirs would change the answer, and the words
// that refuse it. A table of fields names one of these for each.
#pragma once
#include <string>
#include <string_view>

#include "base/json.h"
#include "serve/generation/json_field.h"
#include "serve/generation/refusal.h"

namespace quire::unsupported {

// Of a value that is not null, in this body.
inline bool if_set(const Json&, const Json&) { return true; }
inline bool if_true(const Json& v, const Json&) { return !v.boolean() || *v.boolean(); }
inline bool if_not_empty(const Json& v, const Json&) {
  if (v.array()) return !v.array()->empty();
  if (v.object()) return !v.object()->empty();
  if (v.string()) return !v.string()->empty();
  return true;
}
inline bool if_constrained(const Json& v, const Json&) {
  const Json* type = v.find("type");
  return !type || !type->string() || *type->string() != "text";
}
inline bool if_not_minus_one(const Json& v, const Json&) { return v.integer() != -1; }

}  // namespace quire::unsupported

namespace quire {

inline Refusal not_supported(std::string_view name, const Json& value,
                             std::string_view instead = "leave it out") {
  return {
      std::string(name) + " is not supported yet, got " + shown(value) + "; " + std::string(instead) + '.',
      std::string(name), kNotImplemented};
}

}  // namespace quire
