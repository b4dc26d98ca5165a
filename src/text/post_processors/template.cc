// TemplateProcessing: special tokens around the text, as its "single" lists them ("pair" is for two texts,
// which we never have).
#include "text/post_processors/post_processors.h"
#include "text/read_stage.h"

namespace quire {
namespace {

constexpr size_t kMaxIds = 4096;

using Part = std::optional<std::vector<Token>>;  // special tokens; none: the text

// The ids of the special token `name` in the "special_tokens" of the template.
Result<std::vector<Token>> read_ids(const Json* tokens, const std::string& name, const std::string& where) {
  const Json* token = tokens ? tokens->find(name) : nullptr;
  const Json* ids = token ? token->find("ids") : nullptr;
  if (!ids || !ids->array())
    return refused(where, "special_tokens needs an entry " + quoted(name) + " with its list \"ids\".");
  std::vector<Token> list;
  for (const Json& id : *ids->array()) {
    const auto i = id.integer();
    if (!i || *i < 0 || *i > Vocabulary::kMaxId)
      return refused(where, "the ids of " + quoted(name) + " must be integers in [0, " +
                                std::to_string(Vocabulary::kMaxId) + "].");
    list.push_back(static_cast<Token>(*i));
  }
  return list;
}

Result<Part> read_part(const Json& json, const Json* tokens, const std::string& where) {
  if (json.object() && json.object()->size() == 1) {
    const auto& [kind, value] = json.object()->front();
    const Json* id = value.find("id");
    if (kind == "Sequence" && id && id->string() && *id->string() == "A") return Part();
    if (kind == "SpecialToken" && id && id->string()) {
      auto ids = read_ids(tokens, *id->string(), where);
      return ids.ok() ? Result<Part>(Part(std::move(ids).value())) : Result<Part>(ids.status());
    }
  }
  return refused(where, "a part of \"single\" must be a SpecialToken with its id or the Sequence A.");
}

}  // namespace

Result<PostProcessor> read_template(const Json& json, const std::string& where) {
  if (Status s = only_members(json, where, {"single", "pair", "special_tokens"}); !s.ok()) return s;
  const Json* single = json.find("single");
  if (!single || !single->array() || single->array()->size() > 256)
    return refused(where, "needs its list \"single\" of at most 256 parts.");
  std::vector<Part> parts;
  size_t ids = 0;
  for (const Json& p : *single->array()) {
    auto part = read_part(p, json.find("special_tokens"), where);
    if (!part.ok()) return part.status();
    ids += part.value() ? part.value()->size() : 0;
    if (ids > kMaxIds)
      return refused(where, "\"single\" puts more than " + std::to_string(kMaxIds) + " ids around a text.");
    parts.push_back(std::move(part).value());
  }
  if (std::ranges::count(parts, Part()) != 1)
    return refused(where, "\"single\" must hold the Sequence A exactly once.");
  return PostProcessor(
      [single = std::move(parts)](bool add_special_tokens, std::vector<std::vector<Token>>& parts) {
        if (!add_special_tokens || parts.size() != 1) return;
        std::vector<Token> text;
        text.swap(parts.front());
        parts.clear();
        for (const Part& part : single) parts.push_back(part ? *part : text);
      });
}

}  // namespace quire
