// Logprobs as the two APIs of OpenAI print them. A token is spelled by what it decodes to on its own, with
// U+FFFD for part of a character, as in vLLM; what is below -9999 is printed as -9999.
#pragma once
#include <span>
#include <string>

#include "serve/api/generation.h"

namespace quire::serve {

std::string spelled(const Generation&, Token token);

// {"content":[{"token","logprob","bytes","top_logprobs":[...]}]} of tokens [begin, end) of the answer.
void append_chat_logprobs(const Generation&, const Choice&, size_t begin, size_t end, std::string& to);

// {"text_offset","token_logprobs","tokens","top_logprobs"} of tokens [begin, end) of the answer, after those
// of the prompt if `with_prompt`. `offset` is where the first begins, in characters, and is moved on.
void append_completion_logprobs(const Generation&, const Choice&, bool with_prompt, size_t begin, size_t end,
                                size_t& offset, std::string& to);

// [null, {"<id>":{"logprob","rank","decoded_token"}, ...}, ...], one entry for each token of the prompt.
void append_prompt_logprobs(const Generation&, const Choice&, std::string& to);

}  // namespace quire::serve
