// The table of normalizers. Chains are flattened (text/read_stage.h).
#include "text/read_stage.h"
#include "text/stages.h"

namespace quire {

Result<std::vector<Normalizer>> read_normalizers(const Json& json, const std::string& where) {
  static constexpr std::span<const StageKind<Normalizer>> kKinds;
  std::vector<Normalizer> stages;
  if (Status s = read_chain(json, where, "normalizers", kKinds, stages); !s.ok()) return s;
  return stages;
}

}  // namespace quire
