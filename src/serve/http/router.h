// Which route answers a request, decided once: who may use it, and what runs, both follow from the route
// found.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "serve/http/exchange.h"
#include "serve/http/target.h"

namespace quire::serve {

class Router {
 public:
  explicit Router(std::vector<Route> routes);

  struct Match {
    const Route* route = nullptr;  // null: there is none for this method, or for this path
    std::string allow;             // "GET, HEAD": what the path has; empty: there is no such path
    Guard guard = Guard::kKey;     // of the path, so that a wrong method tells no stranger about it
  };
  // A path is compared segment by segment, in decoded form; "{name}" at the end of a route stands for one or
  // more segments, none of them empty, "." or ".." (the id of a model may be "owner/name"). A path that is
  // written out goes before. HEAD is answered by GET's route.
  Match match(std::string_view method, const Target& target) const;

  const std::vector<Route>& routes() const { return routes_; }

 private:
  struct Pattern {
    std::vector<std::string> segments;
    bool open_end = false;  // segments, then "{name}"
  };
  std::vector<Route> routes_;
  std::vector<Pattern> patterns_;  // of each
};

}  // namespace quire::serve
