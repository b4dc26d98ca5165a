// The models of the table in all.cc, each in a file of its name.
#pragma once
#include <string>

#include "text/stages.h"

namespace quire {

Result<TokenModel> read_bpe(const Json& json, const std::string& where);

}  // namespace quire
