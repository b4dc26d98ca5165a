// The pre-tokenizers of the table in all.cc, each in the file that its comment names.
#pragma once
#include <string>

#include "text/pattern.h"
#include "text/stages.h"

namespace quire {

Result<PreTokenizer> read_byte_level(const Json& json, const std::string& where);
Result<PreTokenizer> read_split(const Json& json, const std::string& where);
Result<PreTokenizer> read_metaspace(const Json& json, const std::string& where);
Result<PreTokenizer> read_unicode_scripts(const Json& json, const std::string& where);
Result<PreTokenizer> read_fixed_length(const Json& json, const std::string& where);
Result<PreTokenizer> read_bert_pre_tokenizer(const Json& json, const std::string& where);  // by_character.cc
Result<PreTokenizer> read_punctuation(const Json& json, const std::string& where);
Result<PreTokenizer> read_digits(const Json& json, const std::string& where);
Result<PreTokenizer> read_delimiter(const Json& json, const std::string& where);
Result<PreTokenizer> read_white_space_split(const Json& json, const std::string& where);
Result<PreTokenizer> read_whitespace(const Json& json, const std::string& where);  // whitespace.cc

// Hands on every match of `pattern` in the piece, and what lies between, as pieces of their own.
Status split_isolated(const Pattern& pattern, const Piece& piece, PieceSink to);

}  // namespace quire
