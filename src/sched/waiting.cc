#include "sched/waiting.h"

#include <algorithm>
#include <limits>
#include <utility>

namespace quire {

void Waiting::open(int32_t tenant, size_t most) {
  if (std::cmp_less_equal(lines_.size(), tenant)) {
    lines_.resize(static_cast<size_t>(tenant) + 1);
    asking_.reserve(lines_.size());
  }
  Line& own = lines_[tenant];
  if (own.list.capacity() < most) own.list.reserve(std::max(most, 2 * own.list.capacity()));
  if (own.present++ > 0) return;
  int64_t least = std::numeric_limits<int64_t>::max();
  for (const Line& line : lines_)
    if (line.present > 0 && &line != &own) least = std::min(least, line.service);
  if (least == std::numeric_limits<int64_t>::max()) {
    for (Line& line : lines_) line.service = 0;
  } else {
    own.service = std::max(own.service, least);
  }
}

void Waiting::compact(Line& line) {
  line.list.erase(line.list.begin(), line.list.begin() + static_cast<long>(line.head));
  line.head = 0;
}

void Waiting::insert(Sequence* s) {
  Line& line = lines_[s->request.tenant];
  if (line.empty()) {
    line.asks = asking_.size();
    asking_.push_back(s->request.tenant);
  }
  if (line.list.size() == line.list.capacity()) compact(line);
  const auto begin = line.list.begin() + static_cast<long>(line.head);
  line.list.insert(std::upper_bound(begin, line.list.end(), s, before), s);
  ++size_;
}

void Waiting::erase(Sequence* s) {
  Line& line = lines_[s->request.tenant];
  if (line.list[line.head] == s) {
    if (++line.head > line.list.size() / 2) compact(line);  // so that the first of many costs little
  } else {
    const auto begin = line.list.begin() + static_cast<long>(line.head);
    line.list.erase(std::lower_bound(begin, line.list.end(), s, before));
  }
  --size_;
  if (!line.empty()) return;
  lines_[asking_.back()].asks = line.asks;
  asking_[line.asks] = asking_.back();
  asking_.pop_back();
}

Sequence* Waiting::next() const {
  Sequence* best = nullptr;
  for (const int32_t tenant : asking_) {
    Sequence* s = lines_[tenant].list[lines_[tenant].head];
    if (best == nullptr || s->request.priority < best->request.priority) {
      best = s;
    } else if (s->request.priority == best->request.priority) {
      const int64_t own = lines_[tenant].service, other = lines_[best->request.tenant].service;
      if (own < other || (own == other && s->arrival < best->arrival)) best = s;
    }
  }
  return best;
}

void Waiting::list(std::vector<Sequence*>& all) const {
  for (const Line& line : lines_)
    all.insert(all.end(), line.list.begin() + static_cast<long>(line.head), line.list.end());
}

}  // namespace quire
