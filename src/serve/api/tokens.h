// POST /tokenize and /detokenize: what the model's tokenizer makes of a text, of messages, or of tokens.
#pragma once
#include "serve/api/inquiry.h"

namespace quire::serve {

void tokenize(Inquiry inquiry);  // in the pool, like the next
void detokenize(Inquiry inquiry);

}  // namespace quire::serve
