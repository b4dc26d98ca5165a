// How an answer looks as a line of JSON. The order of keys and the form of numbers are part of the promise
// that equal runs give equal bytes.
#pragma once
#include <string>

#include "cli/batch_line.h"
#include "serve/generation/answer.h"

namespace quire {

// Each appends one line with its end.
void append_answer(const BatchLine& line, int32_t index, const Answer& answer, std::string& to);
void append_refusal(const Json& id, const Refusal& refusal, std::string& to);

}  // namespace quire
