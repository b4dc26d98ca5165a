// The table of pre-tokenizers. Chains are flattened (text/read_stage.h).
#include "text/pre_tokenizers/pre_tokenizers.h"
#include "text/read_stage.h"

namespace quire {

Result<std::vector<PreTokenizer>> read_pre_tokenizers(const Json& json, const std::string& where) {
  static constexpr StageKind<PreTokenizer> kKinds[] = {
      {"ByteLevel", read_byte_level},         {"Split", read_split},
      {"Metaspace", read_metaspace},          {"BertPreTokenizer", read_bert_pre_tokenizer},
      {"Whitespace", read_whitespace},        {"WhitespaceSplit", read_white_space_split},
      {"Punctuation", read_punctuation},      {"Digits", read_digits},
      {"CharDelimiterSplit", read_delimiter}, {"UnicodeScripts", read_unicode_scripts},
      {"FixedLength", read_fixed_length},
  };
  std::vector<PreTokenizer> stages;
  const std::span<const StageKind<PreTokenizer>> kinds(kKinds);
  if (Status s = read_chain(json, where, "pretokenizers", kinds, stages); !s.ok()) return s;
  return stages;
}

}  // namespace quire
