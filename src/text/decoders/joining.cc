// Fuse: all tokens become one.
#include "text/decoders/decoders.h"
#include "text/read_stage.h"

namespace quire {

Result<DecodeStageMaker> read_fuse(const Json& json, const std::string& where) {
  if (Status s = only_members(json, where, {}); !s.ok()) return s;
  return DecodeStageMaker([] {
    return DecodeStage([begins = true](const TokenPart* part, TokenPartSink to) mutable {
      const bool first = std::exchange(begins, false);
      to({part ? part->text : std::string_view(), first, part == nullptr});
    });
  });
}

}  // namespace quire
