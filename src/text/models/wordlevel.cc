// WordLevel: a piece is a token, or unknown.
#include "base/fields.h"
#include "text/models/models.h"
#include "text/read_stage.h"

namespace quire {

Result<TokenModel> read_wordlevel(const Json& json, const std::string& where) {
  if (Status s = only_members(json, where, {"unk_token", "vocab"}); !s.ok()) return s;
  Status problem;
  std::string unknown(Fields(json, where, problem).text("unk_token", "<unk>"));
  if (!problem.ok()) return problem;
  auto read = read_vocabulary(json, where);
  if (!read.ok()) return read.status();
  const auto vocabulary = std::move(read).value();
  return TokenModel{.vocabulary = vocabulary,
                    .encode = [=](std::string_view piece, const TokenSet* never, std::vector<Token>& to) {
                      auto id = vocabulary->id_of(piece);
                      if (!id || contains(never, *id)) id = vocabulary->id_of(unknown);
                      if (!id) return no_unknown(where, unknown);
                      to.push_back(*id);
                      return Status();
                    }};
}

}  // namespace quire
