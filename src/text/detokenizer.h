// Turns the tokens of one answer into text while they come. The pieces are whole UTF-8 characters, never
// change once given, and joined equal Tokenizer::decode() of all tokens, wherever the answer is cut into
// steps. Made by Tokenizer::detokenizer(); used by one thread at a time.
#pragma once
#include <string>

#include "base/ids.h"

namespace quire {

class Detokenizer {
 public:
  virtual ~Detokenizer() = default;

  // Appends to `to` the text that is certain after this token: often none (half a character).
  virtual void add(Token token, std::string& to) = 0;

  // The answer is complete: appends what was held back. Nothing may be added after it.
  virtual void finish(std::string& to) = 0;
};

}  // namespace quire
