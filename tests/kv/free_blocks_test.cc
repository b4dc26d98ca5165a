// Whose free block goes first, against a plain model, and the promise that owners have from it.
#include "kv/free_blocks.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <deque>
#include <random>

#include "kv/kv_manager.h"

namespace quire {
namespace {

// What the header says, by looking at everything.
struct Model {
  struct Owner {
    std::deque<int32_t> free;  // the longest unused first
    int32_t held = 0;
    bool open = false;
  };
  std::vector<Owner> owners = std::vector<Owner>(6);
  std::vector<int32_t> nobodys;  // the next one last
  int32_t spared = 0, blocks = 0;

  void open(size_t o) {
    owners[o].open = true;
    spared = blocks / 4 / static_cast<int32_t>(std::ranges::count_if(owners, &Owner::open));
  }
  int32_t count() const {
    size_t n = nobodys.size();
    for (const Owner& o : owners) n += o.free.size();
    return static_cast<int32_t>(n);
  }
  int32_t count_for(size_t owner) const {
    int32_t n = count();
    for (size_t i = 0; i < owners.size(); ++i)
      if (i != owner) n -= std::min<int32_t>(spared, static_cast<int32_t>(owners[i].free.size()));
    return n;
  }
  // All that may come next: owners may be level.
  std::vector<int32_t> next(size_t owner) const {
    if (!nobodys.empty()) return {nobodys.back()};
    const auto best = [&](auto weight) {
      int32_t most = 0;
      std::vector<int32_t> firsts;
      for (const Owner& o : owners) {
        const int32_t w = o.free.empty() ? 0 : weight(o);
        if (w > most) most = w, firsts.clear();
        if (w > 0 && w == most) firsts.push_back(o.free.front());
      }
      return firsts;
    };
    const auto above = best([&](const Owner& o) {
      const auto free = static_cast<int32_t>(o.free.size());
      return free > spared ? free + o.held : 0;
    });
    if (!above.empty()) return above;
    if (!owners[owner].free.empty()) return {owners[owner].free.front()};
    return best([](const Owner& o) { return static_cast<int32_t>(o.free.size()); });
  }
};

TEST_CASE("random walk: the next block is that of the rule, and every count agrees") {
  std::mt19937 rng(3);
  const auto up_to = [&](size_t n) { return static_cast<size_t>(rng() % (n + 1)); };
  constexpr int32_t kBlocks = 60;
  FreeBlocks free(kBlocks + 1);
  Model model;
  model.blocks = kBlocks;
  for (int32_t b = kBlocks; b >= 1; --b) model.nobodys.push_back(b);
  std::vector<std::pair<int32_t, size_t>> used;  // block, owner
  int spared_kept = 0, several = 0;
  for (int i = 0; i < 40000; ++i) {
    if (i % 6000 == 0 && i / 6000 < 6) free.open(i / 6000), model.open(static_cast<size_t>(i / 6000));
    const size_t owner =
        std::min<size_t>(up_to(5) * up_to(5) / 5, static_cast<size_t>(std::min(i / 6000, 5)));
    REQUIRE(free.count() == model.count());
    REQUIRE(free.count_for(static_cast<int32_t>(owner)) == model.count_for(owner));
    REQUIRE(free.spared() == model.spared);
    const bool forced = up_to(9) == 0;
    if (up_to(1) && (forced ? free.count() : model.count_for(owner)) > 0) {
      std::vector<size_t> before;
      for (const auto& o : model.owners) before.push_back(o.free.size());
      const int32_t b = free.next(static_cast<int32_t>(owner));
      const auto may = model.next(owner);
      REQUIRE(std::ranges::count(may, b) == 1);
      several += may.size() > 1;
      if (!model.nobodys.empty()) model.nobodys.pop_back();
      else
        for (auto& o : model.owners)
          if (!o.free.empty() && o.free.front() == b) o.free.pop_front();
      free.take(b);
      free.hold(static_cast<int32_t>(owner), 1);
      ++model.owners[owner].held;
      used.emplace_back(b, owner);
      for (size_t o = 0; o < before.size(); ++o) {
        const bool lost = model.owners[o].free.size() < std::min<size_t>(before[o], model.spared);
        REQUIRE((forced || o == owner || !lost));
        spared_kept +=
            !forced && o != owner && before[o] > 0 && before[o] <= static_cast<size_t>(model.spared);
      }
    } else if (!used.empty()) {
      const size_t k = up_to(used.size() - 1);
      const auto [b, whose] = used[k];
      used.erase(used.begin() + static_cast<long>(k));
      free.hold(static_cast<int32_t>(whose), -1);
      --model.owners[whose].held;
      const bool found = up_to(3) > 0;
      free.give(b, found ? static_cast<int32_t>(whose) : FreeBlocks::kNobody);
      if (found) model.owners[whose].free.push_back(b);
      else model.nobodys.push_back(b);
    } else if (!model.owners[owner].free.empty()) {  // found again, from the middle of the list
      auto& list = model.owners[owner].free;
      const size_t k = up_to(list.size() - 1);
      const int32_t b = list[k];
      list.erase(list.begin() + static_cast<long>(k));
      free.take(b);
      free.hold(static_cast<int32_t>(owner), 1);
      ++model.owners[owner].held;
      used.emplace_back(b, owner);
    }
    free.check();
  }
  CHECK(spared_kept > 1000);
  CHECK(several > 10);
}

using Tokens = std::vector<Token>;

struct House {  // each owner under its own salt, as the server does it
  KvManager kv;
  explicit House(int32_t blocks) : kv({.num_blocks = blocks + 1, .block_size = 2, .secret = {}}) {
    for (int32_t o = 0; o < 2; ++o) kv.open(o);
  }
  static Salt salt(int32_t owner) { return {.hi = static_cast<uint64_t>(owner) + 1}; }
  static Tokens text(int32_t tokens, Token first) {
    Tokens t(static_cast<size_t>(tokens), 1);
    t[0] = first;
    return t;
  }
  bool compute(int32_t owner, const Tokens& tokens, BlockTable& t, bool force = false) {
    t.owner = owner;
    const int32_t n = static_cast<int32_t>(tokens.size());
    kv.match(salt(owner), tokens, n, t);
    if (!kv.reserve(n, t, force)) {
      kv.release(t);
      return false;
    }
    kv.seal(tokens, 1, t);
    return true;
  }
  int32_t found(int32_t owner, const Tokens& tokens) {
    BlockTable t;
    const int32_t n = kv.match(salt(owner), tokens, static_cast<int32_t>(tokens.size()), t);
    kv.release(t);
    return n;
  }
};

TEST_CASE("who floods the cache evicts his own blocks first") {
  House h(100);
  const Tokens ours = House::text(80, 7);  // 40 blocks
  BlockTable t;
  REQUIRE(h.compute(1, ours, t));
  h.kv.release(t);
  for (Token i = 0; i < 500; ++i) {  // one after the other, each with a text of its own
    REQUIRE(h.compute(0, House::text(20, 100 + i), t));
    h.kv.release(t);
  }
  CHECK(h.found(1, ours) == 80);
  CHECK(h.found(0, House::text(20, 599)) == 20);  // he keeps what is left, the newest of it
  CHECK(h.found(0, House::text(20, 100)) == 0);
  h.kv.check(0);
}

TEST_CASE("a flood that runs at once leaves another's spared blocks alone, and only force takes them") {
  House h(96);
  const Tokens ours = House::text(80, 7);
  BlockTable t;
  REQUIRE(h.compute(1, ours, t));
  h.kv.release(t);
  std::deque<BlockTable> running;
  for (Token i = 0;; ++i) {
    BlockTable u;
    if (!h.compute(0, House::text(8, 100 + i), u)) break;
    running.push_back(std::move(u));
  }
  const int32_t spared = 96 / 4 / 2;
  CHECK(running.size() == (96 - spared) / 4);
  CHECK(h.kv.free_blocks() == spared);
  CHECK(h.kv.free_blocks_for(0) == 0);
  CHECK(h.kv.free_blocks_for(1) == spared);
  CHECK(h.found(1, ours) == 2 * spared);  // the head of its text
  BlockTable u;
  CHECK(h.compute(0, House::text(8, 99), u, true));
  CHECK(h.found(1, ours) == 2 * (spared - 4));
  h.kv.release(u);
  for (BlockTable& r : running) h.kv.release(r);
  h.kv.check(0);
}

TEST_CASE("what a lost step had published is nobody's when it is free") {
  House h(20);
  BlockTable t;
  REQUIRE(h.compute(1, House::text(20, 7), t));
  h.kv.release(t);
  CHECK(h.kv.free_blocks_for(0) == 20 - 20 / 4 / 2);
  h.kv.unpublish(1);
  CHECK(h.kv.free_blocks_for(0) == 20);
  h.kv.check(0);
}

}  // namespace
}  // namespace quire
