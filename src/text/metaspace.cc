#include "text/metaspace.h"

#include "base/fields.h"
#include "text/character.h"
#include "text/read_stage.h"

namespace quire {

Result<Metaspace> Metaspace::read(const Json& json, const std::string& where) {
  if (Status s = only_members(json, where,
                              {"replacement", "add_prefix_space", "prepend_scheme", "split", "str_rep"});
      !s.ok())
    return s;
  Status problem;
  Fields fields(json, where, problem);
  Metaspace m;
  const auto replacement = read_character(json.find("replacement"));
  if (!replacement) fields.fail("replacement", "must be one character.");
  else append_character(*replacement, m.replacement);
  const std::string_view scheme = fields.text("prepend_scheme", "always");
  if (scheme == "first") m.scheme = Scheme::kFirst;
  else if (scheme == "never") m.scheme = Scheme::kNever;
  else if (scheme != "always") fields.unknown("prepend_scheme", "first, never, always");
  if (!fields.flag("add_prefix_space", true) && m.scheme != Scheme::kNever)
    fields.fail("add_prefix_space", "is false, but prepend_scheme is not \"never\".");
  m.split = fields.flag("split", true);
  fields.text("str_rep", "");
  if (!problem.ok()) return problem;
  return m;
}

}  // namespace quire
