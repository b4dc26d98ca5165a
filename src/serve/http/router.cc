#include "serve/http/router.h"

#include <algorithm>
#include <utility>

#include "base/status.h"

namespace quire::serve {
namespace {

bool is_plain(const std::string& segment) { return !segment.empty() && segment != "." && segment != ".."; }

}  // namespace

Router::Router(std::vector<Route> routes) : routes_(std::move(routes)) {
  for (const Route& r : routes_) {
    const Result<Target> target = read_target(r.path);
    QUIRE_CHECK(target.ok() && r.handler);
    Pattern p{target.value().segments};
    p.open_end = p.segments.back().starts_with('{') && p.segments.back().ends_with('}');
    if (p.open_end) p.segments.pop_back();
    patterns_.push_back(std::move(p));
  }
}

Router::Match Router::match(std::string_view method, const Target& target) const {
  const std::vector<std::string>& have = target.segments;
  const auto fits = [&](const Pattern& p) {
    if (!p.open_end) return p.segments == have;
    return have.size() > p.segments.size() &&
           std::equal(p.segments.begin(), p.segments.end(), have.begin()) &&
           std::all_of(have.begin() + static_cast<ptrdiff_t>(p.segments.size()), have.end(), is_plain);
  };
  for (const bool open_end : {false, true}) {
    Match m;
    bool open = true;
    for (size_t i = 0; i < routes_.size(); ++i) {
      const Route& r = routes_[i];
      if (patterns_[i].open_end != open_end || !fits(patterns_[i])) continue;
      if (r.method == method || (r.method == "GET" && method == "HEAD" && !m.route)) m.route = &r;
      open = open && r.guard == Guard::kOpen;
      if (!m.allow.empty()) m.allow += ", ";
      m.allow += r.method == "GET" ? "GET, HEAD" : r.method;
    }
    if (m.allow.empty()) continue;
    m.guard = m.route ? m.route->guard : open ? Guard::kOpen : Guard::kKey;
    return m;
  }
  return {};
}

}  // namespace quire::serve
