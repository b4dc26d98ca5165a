// Strip: the white space at the beginning, at the end, or both goes.
#include "base/fields.h"
#include "text/normalizers/normalizers.h"
#include "text/read_stage.h"
#include "text/white_space.h"

namespace quire {

Result<Normalizer> read_strip(const Json& json, const std::string& where) {
  if (Status s = only_members(json, where, {"strip_left", "strip_right"}); !s.ok()) return s;
  Status problem;
  Fields fields(json, where, problem);
  const bool left = fields.flag("strip_left", true);
  const bool right = fields.flag("strip_right", true);
  if (!problem.ok()) return problem;
  return Normalizer([left, right](Section& section) {
    size_t begin = 0, end = section.text.size();
    while (const size_t n = left ? white_space_at(section.text, begin) : 0) begin += n;
    while (const size_t n = right && end > begin ? white_space_before(section.text, end) : 0) end -= n;
    Rewriter r(section);
    r.replace(begin, {});
    r.keep(end - begin);
    r.replace(r.rest().size(), {});
    r.finish();
    return Status();
  });
}

}  // namespace quire
