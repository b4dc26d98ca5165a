// The bytes of an answer: its status line and headers, and the framing of a body that is written piece by
// piece.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "serve/http/exchange.h"

namespace quire::serve {

std::string_view reason_of(int status);      // "Not Found"
std::string_view error_type_of(int status);  // "NotFoundError": the "type" of error_body()

// Status line, Date and `headers`, without the blank line at the end. A value that holds a line end or
// another control character loses it.
std::string response_head(int status, const std::vector<Header>& headers);

void append_chunk(std::string_view piece, std::string& to);  // of a chunked body; an empty piece is nothing

}  // namespace quire::serve
