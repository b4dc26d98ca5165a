// Prepend: what stands before every section that is not empty.
#include "base/fields.h"
#include "text/normalizers/normalizers.h"
#include "text/read_stage.h"

namespace quire {

Result<Normalizer> read_prepend(const Json& json, const std::string& where) {
  if (Status s = only_members(json, where, {"prepend"}); !s.ok()) return s;
  Status problem;
  Fields fields(json, where, problem);
  const std::string prepend(fields.text("prepend", ""));
  if (!problem.ok()) return problem;
  return Normalizer([prepend](Section& section) {
    if (section.text.empty()) return Status();
    Rewriter r(section);
    r.replace(0, prepend);
    if (Status s = r.within_bounds(); !s.ok()) return s;
    r.finish();
    return Status();
  });
}

}  // namespace quire
