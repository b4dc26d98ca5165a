// Replace: every match of a pattern becomes "content".
#include "base/fields.h"
#include "text/character.h"
#include "text/normalizers/normalizers.h"
#include "text/read_pattern.h"
#include "text/read_stage.h"

namespace quire {

Result<Normalizer> read_replace(const Json& json, const std::string& where) {
  if (Status s = only_members(json, where, {"pattern", "content"}); !s.ok()) return s;
  Status problem;
  Fields fields(json, where, problem);
  const std::string content(fields.text("content", ""));
  if (!problem.ok()) return problem;
  auto matches = read_pattern(json.find("pattern"), where);
  if (!matches.ok()) return matches.status();
  return Normalizer([content, matches = std::move(matches).value()](Section& section) {
    if (section.text.empty()) return Status();
    Rewriter r(section);
    Status s = matches(section.text, [&](size_t begin, size_t end) {
      r.keep(begin - r.at());
      // HF tokenizers takes the last character of the match for the origin of what comes instead.
      if (begin == 0 && end > character_at(section.text, 0).bytes) section.begins_text = false;
      r.replace(end - begin, content);
      return r.within_bounds();
    });
    if (s.ok()) r.finish();
    return s;
  });
}

}  // namespace quire
