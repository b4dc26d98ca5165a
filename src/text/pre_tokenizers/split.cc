// Split: every match of a pattern is a piece of its own, and so is what lies between two matches
// (behavior "Isolated").
#include "base/fields.h"
#include "text/pre_tokenizers/pre_tokenizers.h"
#include "text/read_stage.h"

namespace quire {
namespace {

// {"Regex": "..."} or {"String": "..."}.
Result<Pattern> read_pattern(const Json* json, const std::string& where) {
  if (json && json->object() && json->object()->size() == 1) {
    const auto& [kind, value] = json->object()->front();
    if (kind == "Regex" && value.string()) return Pattern::compile(*value.string(), where);
    if (kind == "String" && value.string() && !value.string()->empty())
      return Pattern::literal(*value.string(), where);
  }
  return refused(where,
                 "\"pattern\" must be {\"Regex\": a string} or {\"String\": a string that is not empty}.");
}

}  // namespace

Status split_isolated(const Pattern& pattern, const Piece& piece, PieceSink to) {
  size_t done = 0;
  const auto part = [&](size_t end) {
    const size_t begin = std::exchange(done, end);
    if (begin == end) return Status();
    return to({piece.text.substr(begin, end - begin), piece.begins_text && begin == 0});
  };
  Status s = pattern.each_match(piece.text, [&](size_t begin, size_t end) {
    Status before = part(begin);
    return before.ok() ? part(end) : before;
  });
  return s.ok() ? part(piece.text.size()) : s;
}

Result<PreTokenizer> read_split(const Json& json, const std::string& where) {
  if (Status s = only_members(json, where, {"pattern", "behavior", "invert"}); !s.ok()) return s;
  Status problem;
  Fields fields(json, where, problem);
  const std::string_view behavior = fields.text("behavior", "");
  const bool invert = fields.flag("invert", false);
  if (!problem.ok()) return problem;
  if (behavior != "Isolated")
    return refused(where, "the behavior " + quoted(behavior) + " is not known here; known is Isolated.");
  if (invert) return refused(where, "\"invert\": true is not supported; false is.");
  auto pattern = read_pattern(json.find("pattern"), where);
  if (!pattern.ok()) return pattern.status();
  return PreTokenizer([pattern = std::move(pattern).value()](const Piece& piece, PieceSink to) {
    return split_isolated(pattern, piece, to);
  });
}

}  // namespace quire
