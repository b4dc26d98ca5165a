#include "text/tokenizer.h"

namespace quire {

std::string Tokenizer::decode(std::span<const Token> tokens, bool skip_special_tokens) const {
  const auto detokenizer = this->detokenizer(skip_special_tokens);
  std::string text;
  for (const Token t : tokens) detokenizer->add(t, text);
  detokenizer->finish(text);
  return text;
}

}  // namespace quire
