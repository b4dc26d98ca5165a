// The table of decoders.
#include "text/decoders/decoders.h"
#include "text/read_stage.h"

namespace quire {

Result<Decoder> read_decoder(const Json& json, const std::string& where) {
  static constexpr StageKind<Decoder> kKinds[] = {
      {"ByteLevel", read_byte_level_decoder},
  };
  std::vector<Decoder> stages;
  const std::span<const StageKind<Decoder>> kinds(kKinds);
  if (Status s = read_chain(json, where, "decoders", kinds, stages); !s.ok()) return s;
  if (stages.size() > 1) return refused(where, "a chain of more than one decoder is not supported.");
  return stages.empty() ? spaced_decoder() : std::move(stages.front());
}

}  // namespace quire
