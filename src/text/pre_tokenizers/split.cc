// Split: a pattern's matches are delimiters (or, with "invert", what lies between them).
#include "base/fields.h"
#include "text/pre_tokenizers/pre_tokenizers.h"
#include "text/pre_tokenizers/splitter.h"
#include "text/read_pattern.h"
#include "text/read_stage.h"

namespace quire {

Status split_isolated(const Pattern& pattern, const Piece& piece, PieceSink to) {
  Splitter splitter(piece, Behavior::kIsolated, false, to);
  Status s = pattern.each_match(piece.text,
                                [&](size_t begin, size_t end) { return splitter.delimiter(begin, end); });
  return s.ok() ? splitter.finish() : s;
}

Result<PreTokenizer> read_split(const Json& json, const std::string& where) {
  if (Status s = only_members(json, where, {"pattern", "behavior", "invert"}); !s.ok()) return s;
  Status problem;
  Fields fields(json, where, problem);
  const auto behavior = behavior_of(fields.text("behavior", ""));
  const bool invert = fields.flag("invert", false);
  if (!behavior) fields.unknown("behavior", kBehaviors);
  if (!problem.ok()) return problem;
  auto matches = read_pattern(json.find("pattern"), where);
  if (!matches.ok()) return matches.status();
  return PreTokenizer([behavior = *behavior, invert, matches = std::move(matches).value()](const Piece& piece,
                                                                                           PieceSink to) {
    Splitter splitter(piece, behavior, invert, to);
    Status s = matches(piece.text, [&](size_t begin, size_t end) { return splitter.delimiter(begin, end); });
    return s.ok() ? splitter.finish() : s;
  });
}

}  // namespace quire
