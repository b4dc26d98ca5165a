// The models of the table in all.cc, each in a file of its name.
#pragma once
#include <string>

#include "text/stages.h"

namespace quire {

Result<TokenModel> read_bpe(const Json& json, const std::string& where);
Result<TokenModel> read_unigram(const Json& json, const std::string& where);
Result<TokenModel> read_wordpiece(const Json& json, const std::string& where);
Result<TokenModel> read_wordlevel(const Json& json, const std::string& where);

// The member "vocab" of a model, an object.
Result<std::shared_ptr<const Vocabulary>> read_vocabulary(const Json& json, const std::string& where);

// A text that needs the unknown token, and the model has none.
Status no_unknown(const std::string& where, const std::string& unknown);

}  // namespace quire
