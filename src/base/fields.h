// Reads the fields of a JSON object whose author is a stranger. The first problem is remembered, not
// thrown, so a reader is a list of fields and one look at the status at its end; after a problem
// every read gives a value within its range, so that the reader may simply go on.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "base/json.h"
#include "base/status.h"

namespace quire {

class Fields {
 public:
  // `where` begins every message ("config.json"). All three outlive the reader.
  Fields(const Json& object, std::string where, Status& problem);

  // Present and not null.
  bool has(std::string_view key) const;
  const Json* find(std::string_view key) const;  // null if absent or null
  bool is_null(std::string_view key) const;      // present, as null: not always the same as absent

  // Required; in [least, most].
  int32_t integer(std::string_view key, int32_t least, int32_t most);
  // Optional: `otherwise` if absent or null.
  int32_t integer(std::string_view key, int32_t least, int32_t most, int32_t otherwise);
  float number(std::string_view key, float least, float most);
  float number(std::string_view key, float least, float most, float otherwise);
  bool flag(std::string_view key, bool otherwise);
  std::string_view text(std::string_view key, std::string_view otherwise);
  // Empty if absent or null.
  Fields object(std::string_view key);

  void fail(std::string_view key,
            const std::string& what);  // "<where>: <key> <what>", unless there is a problem
  // "<where>: <key> is <the value>; known are <known>."
  void unknown(std::string_view key, std::string_view known);
  bool ok() const { return problem_.ok(); }
  const std::string& where() const { return where_; }
  Status& problem() { return problem_; }

 private:
  const Json& object_;
  std::string where_;
  Status& problem_;
};

}  // namespace quire
