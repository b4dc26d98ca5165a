#include "kv/free_blocks.h"

#include <utility>

#include "base/status.h"

namespace quire {

FreeBlocks::FreeBlocks(int32_t num_blocks)
    : links_(static_cast<size_t>(num_blocks)), accounts_(1), count_(num_blocks - 1) {
  for (int32_t b = 1; b < num_blocks; ++b) {  // low ones are handed out first
    links_[b].prev = b - 1;
    links_[b].next = b + 1 < num_blocks ? b + 1 : 0;
  }
  accounts_[0] = {.first = 1, .last = num_blocks - 1, .free = count_};
}

void FreeBlocks::open(int32_t owner) {
  QUIRE_CHECK(owner >= 0);
  if (accounts_.size() <= index(owner)) accounts_.resize(index(owner) + 1);
  if (accounts_[index(owner)].place >= 0) return;
  accounts_[index(owner)].place = static_cast<int32_t>(heap_.size());
  heap_.push_back(static_cast<int32_t>(index(owner)));
  spared_ = static_cast<int32_t>((links_.size() - 1) / 4 / heap_.size());  // smaller with every owner
  all_spared_ = 0;
  for (const int32_t a : heap_) all_spared_ += spared_of(accounts_[a]);
  for (size_t i = heap_.size(); i-- > 0;) sink(i);  // all ranks may have changed
}

int32_t FreeBlocks::count_for(int32_t owner) const {
  return static_cast<int32_t>(count_ - (all_spared_ - spared_of(accounts_[index(owner)])));
}

int32_t FreeBlocks::next(int32_t owner) const {
  if (accounts_[0].first != 0) return accounts_[0].first;
  const Account &most = accounts_[heap_[0]], &own = accounts_[index(owner)];
  return most.free > spared_ || own.free == 0 ? most.first : own.first;
}

void FreeBlocks::take(int32_t b) {
  Link& k = links_[b];
  Account& a = accounts_[k.account];
  (k.prev != 0 ? links_[k.prev].next : a.first) = k.next;
  (k.next != 0 ? links_[k.next].prev : a.last) = k.prev;
  --count_;
  change(static_cast<size_t>(k.account), -1, 0);
}

void FreeBlocks::give(int32_t b, int32_t to) {
  Link& k = links_[b];
  k.account = static_cast<int32_t>(index(to));
  Account& a = accounts_[k.account];
  if (to == kNobody) {  // warm in the processor's caches: used again first
    k.prev = 0;
    k.next = std::exchange(a.first, b);
    (k.next != 0 ? links_[k.next].prev : a.last) = b;
  } else {
    k.next = 0;
    k.prev = std::exchange(a.last, b);
    (k.prev != 0 ? links_[k.prev].next : a.first) = b;
  }
  ++count_;
  change(static_cast<size_t>(k.account), 1, 0);
}

void FreeBlocks::hold(int32_t owner, int32_t more) { change(index(owner), 0, more); }

// Who has more than what is spared gives first, and of these who has most blocks in all.
int64_t FreeBlocks::rank(const Account& a) const {
  return a.free > spared_ ? (int64_t{1} << 32) + a.free + a.held : a.free;
}

void FreeBlocks::change(size_t account, int32_t free, int32_t held) {
  Account& a = accounts_[account];
  const int32_t before = spared_of(a);
  a.free += free;
  a.held += held;
  if (account == 0) return;
  all_spared_ += spared_of(a) - before;
  if (heap_.size() == 1) return;
  rise(static_cast<size_t>(a.place));
  sink(static_cast<size_t>(a.place));
}

bool FreeBlocks::stronger(size_t x, size_t y) const {
  return rank(accounts_[heap_[x]]) > rank(accounts_[heap_[y]]);
}

void FreeBlocks::swap(size_t x, size_t y) {
  std::swap(heap_[x], heap_[y]);
  std::swap(accounts_[heap_[x]].place, accounts_[heap_[y]].place);
}

void FreeBlocks::rise(size_t place) {
  for (; place > 0 && stronger(place, (place - 1) / 2); place = (place - 1) / 2) swap(place, (place - 1) / 2);
}

void FreeBlocks::sink(size_t place) {
  for (size_t best = place;; place = best) {
    for (const size_t child : {2 * place + 1, 2 * place + 2})
      if (child < heap_.size() && stronger(child, best)) best = child;
    if (best == place) return;
    swap(place, best);
  }
}

void FreeBlocks::check() const {
  int32_t listed = 0;
  int64_t spared = 0;
  for (size_t i = 0; i < accounts_.size(); ++i) {
    const Account& a = accounts_[i];
    int32_t free = 0, last = 0;
    for (int32_t b = a.first; b != 0; last = b, b = links_[b].next, ++free)
      QUIRE_CHECK(links_[b].prev == last && std::cmp_equal(links_[b].account, i));
    QUIRE_CHECK(a.last == last && a.free == free && a.held >= 0 && (a.place >= 0 || i == 0 || free == 0));
    QUIRE_CHECK(a.place < 0 || std::cmp_equal(heap_[a.place], i));
    listed += free;
    if (i > 0) spared += spared_of(a);
  }
  QUIRE_CHECK(listed == count_ && spared == all_spared_);
  for (size_t i = 1; i < heap_.size(); ++i)
    QUIRE_CHECK(rank(accounts_[heap_[(i - 1) / 2]]) >= rank(accounts_[heap_[i]]));
}

}  // namespace quire
