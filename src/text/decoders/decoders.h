// The decoders of the table in all.cc, each in a file of its name.
#pragma once
#include <string>

#include "text/stages.h"

namespace quire {

Result<Decoder> read_byte_level_decoder(const Json& json, const std::string& where);
// Without a decoder the spellings stand one space apart.
Decoder spaced_decoder();

}  // namespace quire
