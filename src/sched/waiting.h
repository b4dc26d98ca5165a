// Who waits, and who of them enters next. The most urgent priority first; within it tenants take turns by the
// service they have had, and the requests of one tenant go by arrival.
//
// Service is counted in positions that were planned. A tenant that comes back after a pause starts level with
// the one that has had least of those present: nobody saves up turns, and nobody pays for an empty house.
// One thread. Only open() allocates.
#pragma once
#include <cstddef>
#include <cstdint>
#include <vector>

#include "sched/sequence.h"

namespace quire {

class Waiting {
 public:
  // A request of this tenant comes in, who has room for `most` of them from here on; it leaves with close().
  void open(int32_t tenant, size_t most);
  void close(int32_t tenant) { --lines_[tenant].present; }

  void insert(Sequence* s);
  void erase(Sequence* s);  // it waits
  void served(int32_t tenant, int32_t positions) { lines_[tenant].service += positions; }

  // Null: nobody waits. Costs a look at each tenant who does.
  Sequence* next() const;
  size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  void list(std::vector<Sequence*>& all) const;  // appends all who wait

 private:
  struct Line {                   // of one tenant
    std::vector<Sequence*> list;  // by rank, from `head` on
    size_t head = 0;
    size_t asks = 0;      // its place in asking_, if it is not empty
    int32_t present = 0;  // requests that came in and have not ended
    int64_t service = 0;
    bool empty() const { return head == list.size(); }
  };
  static void compact(Line& line);

  std::vector<Line> lines_;      // by tenant
  std::vector<int32_t> asking_;  // tenants of whom somebody waits
  size_t size_ = 0;
};

}  // namespace quire
