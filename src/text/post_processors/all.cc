// The table of post-processors. Chains are flattened (text/read_stage.h).
#include "base/fields.h"
#include "text/post_processors/post_processors.h"
#include "text/read_stage.h"

namespace quire {
namespace {

// ByteLevel trims offsets, which we do not give: ids stay as they are.
Result<PostProcessor> read_offsets_only(const Json& json, const std::string& where) {
  if (Status s = only_members(json, where, {"add_prefix_space", "trim_offsets", "use_regex"}); !s.ok())
    return s;
  return PostProcessor([](bool, std::vector<std::vector<Token>>&) {});
}

// Templates in a chain. A second one would find several parts, for which "single" and "pair" are not made.
int templates(const Json& json) {
  const Json* type = json.find("type");
  if (type && type->string() && *type->string() == "TemplateProcessing") return 1;
  const Json* list = json.find("processors");
  int n = 0;
  if (list && list->array())
    for (const Json& p : *list->array()) n += templates(p);
  return n;
}

}  // namespace

Result<std::vector<PostProcessor>> read_post_processors(const Json& json, const std::string& where) {
  static constexpr StageKind<PostProcessor> kKinds[] = {
      {"ByteLevel", read_offsets_only},
      {"TemplateProcessing", read_template},
      {"BertProcessing", read_bert_processing},
      {"RobertaProcessing", read_roberta_processing},
  };
  std::vector<PostProcessor> stages;
  const std::span<const StageKind<PostProcessor>> kinds(kKinds);
  if (Status s = read_chain(json, where, "processors", kinds, stages); !s.ok()) return s;
  if (templates(json) > 1)
    return refused(where, "more than one TemplateProcessing in a chain is not supported.");
  return stages;
}

}  // namespace quire
