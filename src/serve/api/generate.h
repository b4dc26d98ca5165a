// From the body of a completion or a chat to a Generation: all fields read, prompts rendered and tokenized,
// defaults filled in, everything found valid that the engine would refuse.
#pragma once
#include "base/json.h"
#include "serve/api/fields.h"
#include "serve/api/generation.h"
#include "serve/api/inquiry.h"

namespace quire::serve {

// An endpoint that makes text.
struct Endpoint {
  std::string_view path;
  const Form* form;
  std::string_view prompt_field;  // which of the fields holds what the engine calls the prompt
  FieldTable fields;
  // Reads what is the endpoint's own: prompts, and what its fields mean together. `max_tokens` of the
  // sampling is set where the body says one.
  Refusal (*read)(const ApiContext&, Json& body, Ask&, Generation& to);
};

const std::vector<Endpoint>& generation_endpoints();

// Answers the inquiry, now or later. In the pool.
void generate(const Endpoint& endpoint, Inquiry inquiry);

}  // namespace quire::serve
