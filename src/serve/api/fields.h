// Fields of a request as data: one table for each endpoint says what is read, what is refused and what is
// passed over, and the OpenAPI document is printed from it.
#pragma once
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "serve/api/ask.h"
#include "serve/generation/refusal.h"

namespace quire::serve {

// A value that is not null goes to `read`; without one to the sampling field of that name, if there is one;
// else it is passed over, unless it changes the answer: then the field is refused as not supported yet.
struct Field {
  std::string_view name;
  std::string_view schema;  // JSON Schema of a value that is taken; empty: not in the OpenAPI document
  std::string (*read)(const Json& value, Ask& to) = nullptr;  // what is wrong, or empty
  bool (*changes_answer)(const Json& value, const Json& body) = nullptr;
  bool required = false;
};

// The first row of a name counts.
using FieldTable = std::vector<std::span<const Field>>;

const Field* find_field(const FieldTable& table, std::string_view name);

// All fields of `body`, which is an object. Names that no row has are ignored.
Refusal read_fields(const FieldTable& table, const Json& body, Ask& to);

// {"type":"object","properties":{...},"required":[...]}
void append_schema(const FieldTable& table, std::string& to);

// Parts that tables share.
std::span<const Field> model_field();         // of every body
std::span<const Field> generation_fields();   // of completions and chat: sampling, streaming, extras
std::span<const Field> unsupported_fields();  // of both: refused by name, or harmless
std::span<const Field> message_fields();      // of every body with messages

FieldTable completion_fields();
FieldTable chat_fields();
FieldTable tokenize_fields();
FieldTable detokenize_fields();

}  // namespace quire::serve
