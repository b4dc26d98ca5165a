// The pre-tokenizers of the table in all.cc, each in a file of its name.
#pragma once
#include <string>

#include "text/pattern.h"
#include "text/stages.h"

namespace quire {

Result<PreTokenizer> read_byte_level(const Json& json, const std::string& where);
Result<PreTokenizer> read_split(const Json& json, const std::string& where);

// Hands on every match of `pattern` in the piece, and what lies between, as pieces of their own.
Status split_isolated(const Pattern& pattern, const Piece& piece, PieceSink to);

}  // namespace quire
