// BertProcessing and RobertaProcessing: a first token and a last one. Parts that a template made before: the
// second of the two goes behind each, and with Roberta before each too.
#include "base/fields.h"
#include "text/post_processors/post_processors.h"
#include "text/read_stage.h"

namespace quire {
namespace {

// The id of ["[CLS]", 101].
Token read_token(Fields& fields, std::string_view key) {
  const Json* pair = fields.find(key);
  if (pair && pair->array() && pair->array()->size() == 2 && (*pair->array())[0].string()) {
    const auto id = (*pair->array())[1].integer();
    if (id && *id >= 0 && *id <= Vocabulary::kMaxId) return static_cast<Token>(*id);
  }
  fields.fail(key, "must be [a spelling, an id].");
  return 0;
}

Result<PostProcessor> read_around(const Json& json, const std::string& where, bool roberta) {
  if (Status s = only_members(json, where, {"sep", "cls", "trim_offsets", "add_prefix_space"}); !s.ok())
    return s;
  Status problem;
  Fields fields(json, where, problem);
  const Token cls = read_token(fields, "cls");
  const Token sep = read_token(fields, "sep");
  fields.flag("trim_offsets", true);
  fields.flag("add_prefix_space", true);
  if (!problem.ok()) return problem;
  return PostProcessor([=](bool add_special_tokens, std::vector<std::vector<Token>>& parts) {
    if (!add_special_tokens) return;
    for (std::vector<Token>& part : parts) {
      if (&part == &parts.front()) part.insert(part.begin(), cls);
      else if (roberta) part.insert(part.begin(), sep);
      part.push_back(sep);
    }
  });
}

}  // namespace

Result<PostProcessor> read_bert_processing(const Json& json, const std::string& where) {
  return read_around(json, where, false);
}
Result<PostProcessor> read_roberta_processing(const Json& json, const std::string& where) {
  return read_around(json, where, true);
}

}  // namespace quire
