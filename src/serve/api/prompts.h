// Prompts of the two endpoints as tokens.
#pragma once
#include "serve/api/generate.h"

namespace quire::serve {

// /v1/completions: a string, a list of strings, token ids, or a list of lists of token ids; and what echo,
// logprobs and best_of ask for.
Refusal read_completion(const ApiContext&, Json& body, Ask&, Generation& to);

// /v1/chat/completions: messages through the template.
Refusal read_chat_completion(const ApiContext&, Json& body, Ask&, Generation& to);

}  // namespace quire::serve
