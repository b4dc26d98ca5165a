// The table of models.
#include "text/models/models.h"
#include "text/read_stage.h"

namespace quire {

Result<TokenModel> read_model(const Json& json, const std::string& where) {
  static constexpr StageKind<TokenModel> kKinds[] = {
      {"BPE", read_bpe},
  };
  // Files of before 2021 have no type; merges tell a BPE.
  if (json.object() && !json.find("type") && json.find("merges")) return read_bpe(json, where + ": BPE");
  return read_stage(json, where, std::span<const StageKind<TokenModel>>(kKinds));
}

}  // namespace quire
