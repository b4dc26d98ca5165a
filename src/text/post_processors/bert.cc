// BertProcessing and RobertaProcessing: a first token and a last one.
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

}  // namespace

Result<PostProcessor> read_bert_processing(const Json& json, const std::string& where) {
  if (Status s = only_members(json, where, {"sep", "cls", "trim_offsets", "add_prefix_space"}); !s.ok())
    return s;
  Status problem;
  Fields fields(json, where, problem);
  const Token cls = read_token(fields, "cls");
  const Token sep = read_token(fields, "sep");
  fields.flag("trim_offsets", true);
  fields.flag("add_prefix_space", true);
  if (!problem.ok()) return problem;
  return PostProcessor([cls, sep](bool add_special_tokens, std::vector<Token>& ids) {
    if (!add_special_tokens) return;
    ids.insert(ids.begin(), cls);
    ids.push_back(sep);
  });
}

}  // namespace quire
