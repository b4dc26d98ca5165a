// The table of models.
#include "text/models/models.h"
#include "text/read_stage.h"

namespace quire {

Result<TokenModel> read_model(const Json& json, const std::string& where) {
  static constexpr StageKind<TokenModel> kKinds[] = {
      {"BPE", read_bpe},
      {"Unigram", read_unigram},
      {"WordPiece", read_wordpiece},
      {"WordLevel", read_wordlevel},
  };
  // Files of before 2021 have no type; what else they hold tells.
  if (json.object() && !json.find("type")) {
    if (json.find("merges")) return read_bpe(json, where + ": BPE");
    if (json.find("max_input_chars_per_word")) return read_wordpiece(json, where + ": WordPiece");
    if (const Json* vocab = json.find("vocab"); vocab && vocab->array())
      return read_unigram(json, where + ": Unigram");
    if (json.find("unk_token")) return read_wordlevel(json, where + ": WordLevel");
  }
  return read_stage(json, where, std::span<const StageKind<TokenModel>>(kKinds));
}

Result<std::shared_ptr<const Vocabulary>> read_vocabulary(const Json& json, const std::string& where) {
  const Json* vocab = json.find("vocab");
  if (!vocab) return refused(where, "needs its object \"vocab\".");
  auto read = Vocabulary::read(*vocab, where + ": vocab");
  if (!read.ok()) return read.status();
  return std::make_shared<const Vocabulary>(std::move(read).value());
}

Status no_unknown(const std::string& where, const std::string& unknown) {
  return Status(Code::kInvalidArgument,
                where + ": the text has what the vocabulary lacks, and " +
                    (unknown.empty() ? "there is no unknown token."
                                     : "the unknown token " + quoted(unknown) + " is not in it."));
}

}  // namespace quire
