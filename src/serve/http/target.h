// The target of a request: its path in decoded segments, and its query as it came. Nothing is normalized: a
// path with "//" or ".." is only itself, and no route has that name.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"

namespace quire::serve {

struct Target {
  // Percent-decoded once, each UTF-8 without control characters. A "/" that was written %2F stays inside its
  // segment. "/v1/models" has two, "/" one empty segment, "*" one segment "*".
  std::vector<std::string> segments;
  std::string query;  // after "?", not decoded

  std::string path() const;  // "/" before each segment
};

// From the target of a checked request line: a path, "*" or a URL.
Result<Target> read_target(std::string_view target);

}  // namespace quire::serve
