// The table of normalizers. Chains are flattened (text/read_stage.h).
#include "text/normalizers/normalizers.h"
#include "text/read_stage.h"

namespace quire {

Result<std::vector<Normalizer>> read_normalizers(const Json& json, const std::string& where) {
  static constexpr StageKind<Normalizer> kKinds[] = {
      {"NFC", read_nfc},
      {"NFD", read_nfd},
      {"NFKC", read_nfkc},
      {"NFKD", read_nfkd},
      {"Lowercase", read_lowercase},
      {"Strip", read_strip},
      {"StripAccents", read_strip_accents},
      {"Replace", read_replace},
      {"Prepend", read_prepend},
      {"BertNormalizer", read_bert_normalizer},
      {"Nmt", read_nmt},
      {"Precompiled", read_precompiled},
      {"ByteLevel", read_byte_level_normalizer},
  };
  std::vector<Normalizer> stages;
  const std::span<const StageKind<Normalizer>> kinds(kKinds);
  if (Status s = read_chain(json, where, "normalizers", kinds, stages); !s.ok()) return s;
  return stages;
}

}  // namespace quire
