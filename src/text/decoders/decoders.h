// Decoders as streams: an answer's tokens pass through a chain of them, whole or in parts.
#pragma once
#include <functional>
#include <string>
#include <string_view>

#include "base/function_ref.h"
#include "text/stages.h"

namespace quire {

// A token's text, or a part of it: a decoder that joins all tokens gives one token in many parts.
struct TokenPart {
  std::string_view text;  // whole characters
  bool begins = true, ends = true;
};
using TokenPartSink = function_ref<void(const TokenPart&)>;

// One answer's pass through one decoder: called with each part in order, then with null, the end.
using DecodeStage = std::function<void(const TokenPart* part, TokenPartSink to)>;
// Begins one.
using DecodeStageMaker = std::function<DecodeStage()>;

// A stage that sees whole tokens (null: the end); what comes in parts is gathered first.
DecodeStage on_whole_tokens(std::function<void(const std::string* token, TokenPartSink to)> stage);

// The decoders of the table in all.cc, each in the file that its comment names.
Result<DecodeStageMaker> read_byte_level_decoder(const Json& json, const std::string& where);
Result<DecodeStageMaker> read_byte_fallback(const Json& json, const std::string& where);
Result<DecodeStageMaker> read_fuse(const Json& json, const std::string& where);             // joining.cc
Result<DecodeStageMaker> read_strip_decoder(const Json& json, const std::string& where);    // strip.cc
Result<DecodeStageMaker> read_replace_decoder(const Json& json, const std::string& where);  // spelling.cc
Result<DecodeStageMaker> read_metaspace_decoder(const Json& json, const std::string& where);
Result<DecodeStageMaker> read_bpe_decoder(const Json& json, const std::string& where);
Result<DecodeStageMaker> read_wordpiece_decoder(const Json& json, const std::string& where);  // wordpiece.cc

// Without a decoder the spellings stand one space apart.
Decoder spaced_decoder();

}  // namespace quire
