#include "serve/api/fields.h"

#include <algorithm>

#include "serve/generation/unsupported.h"

namespace quire::serve {

const Field* find_field(const FieldTable& table, std::string_view name) {
  for (const std::span<const Field> part : table)
    if (const auto at = std::ranges::find(part, name, &Field::name); at != part.end()) return &*at;
  return nullptr;
}

Refusal read_fields(const FieldTable& table, const Json& body, Ask& to) {
  for (const auto& [name, value] : *body.object()) {
    const Field* field = find_field(table, name);
    if (!field || value.is_null()) continue;
    if (field->changes_answer && field->changes_answer(value, body)) return not_supported(name, value);
    if (field->read) {
      if (std::string why = field->read(value, to); !why.empty()) return {std::move(why), name};
    } else if (is_sampling_field(name) && !field->schema.empty()) {
      if (Refusal r = read_sampling_field(name, value, to.sampling)) return r;
    }
  }
  for (const std::span<const Field> part : table)
    for (const Field& f : part)
      if (f.required)
        if (const Json* v = body.find(f.name); !v || v->is_null())
          return {std::string(f.name) + " is required and was not given.", std::string(f.name)};
  return {};
}

void append_schema(const FieldTable& table, std::string& to) {
  std::string required;
  to += R"({"type":"object","properties":{)";
  bool first = true;
  for (const std::span<const Field> part : table)
    for (const Field& f : part) {
      if (f.schema.empty() || find_field(table, f.name) != &f) continue;
      if (!first) to += ',';
      first = false;
      append_json_string(f.name, to);
      to += ':';
      if (f.required) to += f.schema;
      else to += R"({"anyOf":[)" + std::string(f.schema) + R"(,{"type":"null"}]})";
      if (!f.required) continue;
      if (!required.empty()) required += ',';
      append_json_string(f.name, required);
    }
  to += '}';
  if (!required.empty()) to += R"(,"required":[)" + required + ']';
  to += '}';
}

}  // namespace quire::serve
