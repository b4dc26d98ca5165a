// One line of `quire tokenize`: what it asks for and what comes out.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "serve/generation/chat_prompt.h"
#include "text/tokenizer.h"

namespace quire {

// Appends the output line; false if it is an error.
bool append_tokenized(const Tokenizer& tokenizer, const ChatOptions& chat, std::string_view line,
                      uint64_t number, std::string& to);

}  // namespace quire
