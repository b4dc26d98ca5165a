// The blocks that nobody uses, and which of them is handed out next: first those that hold nothing that could
// be found, then the least recently used of the owner who has most blocks, so that a flood eats its own cache
// first.
//
// Of each owner's findable blocks a few are spared: others get them only by force. One thread. Taking and
// giving costs O(log owners) and allocates nothing; only open() does.
#pragma once
#include <cstddef>
#include <cstdint>
#include <vector>

namespace quire {

class FreeBlocks {
 public:
  static constexpr int32_t kNobody = -1;  // owner of a free block that holds nothing that could be found

  explicit FreeBlocks(int32_t num_blocks);  // all but block 0 are free and nobody's

  void open(int32_t owner);  // >= 0; before it holds or is given anything. Twice is as once

  int32_t count() const { return count_; }
  // Of these, how many `owner` may take without force.
  int32_t count_for(int32_t owner) const;
  // What is spared of each owner's free blocks: a quarter of all, shared by the owners.
  int32_t spared() const { return spared_; }

  // The block to hand out to `owner`; count() > 0. Among the first count_for(owner) so handed out there is
  // none that is spared for another.
  int32_t next(int32_t owner) const;

  void take(int32_t block);                // it is free, and is so no more
  void give(int32_t block, int32_t to);    // the other way round; to an owner or kNobody
  void hold(int32_t owner, int32_t more);  // so many more, or fewer, blocks of the owner are in use

  void check() const;  // recounts; stops the process unless all agree

 private:
  struct Link {
    int32_t prev = 0, next = 0;  // 0: none
    int32_t account = 0;
  };
  struct Account {  // of nobody, or of owner `index - 1`
    int32_t first = 0, last = 0, free = 0, held = 0;
    int32_t place = -1;  // in heap_; -1: not open
  };
  static size_t index(int32_t owner) { return static_cast<size_t>(owner) + 1; }  // nobody: 0
  int32_t spared_of(const Account& a) const { return a.free < spared_ ? a.free : spared_; }
  int64_t rank(const Account& a) const;
  void change(size_t account, int32_t free, int32_t held);
  bool stronger(size_t x, size_t y) const;  // places in heap_, here and below
  void swap(size_t x, size_t y);
  void rise(size_t place);
  void sink(size_t place);

  std::vector<Link> links_;
  std::vector<Account> accounts_;
  std::vector<int32_t> heap_;  // open accounts; the one that gives next is first
  int32_t count_ = 0, spared_ = 0;
  int64_t all_spared_ = 0;  // sum of spared_of() of all owners
};

}  // namespace quire
