// The five verbs of the KV manager, and a random walk against a plain model of what may be found.
#include "kv/kv_manager.h"

#include <doctest/doctest.h>

#include <chrono>
#include <map>
#include <random>
#include <set>

namespace quire {
namespace {

using Tokens = std::vector<Token>;

KvConfig small(int32_t blocks, int32_t block_size = 2) {
  KvConfig c;
  c.num_blocks = blocks;
  c.block_size = block_size;
  return c;
}

std::vector<int32_t> ids(const BlockTable& t) {
  std::vector<int32_t> v;
  for (BlockId b : t.blocks) v.push_back(b.v);
  return v;
}

// Computes `tokens` into a new table and gives it back, so that it can be found.
void publish(KvManager& kv, const Tokens& tokens, uint64_t step = 1, const Salt& salt = {}) {
  BlockTable t;
  kv.match(salt, tokens, 0, t);
  REQUIRE(kv.reserve(static_cast<int32_t>(tokens.size()), t));
  kv.seal(tokens, step, t);
  kv.release(t);
}

int32_t found(KvManager& kv, const Tokens& tokens, const Salt& salt = {}) {
  BlockTable t;
  const int32_t n = kv.match(salt, tokens, static_cast<int32_t>(tokens.size()), t);
  kv.release(t);
  return n;
}

uint64_t constant(const Secret&, const Salt&, const Filling&, std::span<const Token>) { return 3; }

TEST_CASE("block 0 is never handed out, and low blocks come first") {
  KvManager kv(small(6));
  CHECK(kv.usable_blocks() == 5);
  CHECK(kv.capacity() == 10);
  BlockTable t;
  REQUIRE(kv.reserve(10, t));
  CHECK(ids(t) == std::vector<int32_t>{1, 2, 3, 4, 5});
  CHECK(kv.free_blocks() == 0);
  BlockTable u;
  CHECK_FALSE(kv.reserve(1, u));
  CHECK(u.blocks.empty());
  CHECK(kv.reserve(10, t));  // it is that long already
  kv.check(5);
  kv.release(t);
  kv.check(0);
}

TEST_CASE("reserve takes just the blocks that are needed, or none") {
  KvManager kv(small(6));
  BlockTable t, u;
  REQUIRE(kv.reserve(3, t));
  CHECK(t.blocks.size() == 2);
  REQUIRE(kv.reserve(4, t));
  CHECK(t.blocks.size() == 2);
  REQUIRE(kv.reserve(5, t));
  CHECK(t.blocks.size() == 3);
  CHECK_FALSE(kv.reserve(5, u));
  kv.check(3);
  CHECK(kv.reserve(4, u));
  kv.release(t), kv.release(u);
}

TEST_CASE("match finds whole blocks, up to the limit, under the same salt") {
  KvManager kv(small(20));
  const Tokens seven{1, 2, 3, 4, 5, 6, 7};
  publish(kv, seven);
  CHECK(found(kv, seven) == 6);
  CHECK(found(kv, {1, 2, 3, 9}) == 2);
  CHECK(found(kv, {3, 4}) == 0);
  CHECK(found(kv, seven, {.hi = 1}) == 0);
  CHECK(found(kv, seven, {.lo = 1}) == 0);
  CHECK(found(kv, seven, {.adapter = 0}) == 0);
  BlockTable t;
  CHECK(kv.match({}, seven, 5, t) == 4);
  CHECK(kv.match({}, seven, 1, *std::make_unique<BlockTable>()) == 0);
  CHECK(t.newest == 1);
  kv.check(2);
  kv.release(t);
}

TEST_CASE("without prefix caching nothing is found, and no memory is taken for it") {
  KvConfig c = small(20);
  c.enable_prefix_caching = false;
  KvManager kv(c);
  publish(kv, {1, 2, 3, 4});
  CHECK(found(kv, {1, 2, 3, 4}) == 0);
  kv.unpublish(0);
  kv.check(0);
}

TEST_CASE("a sequence that is still running is found too, and its blocks are shared") {
  KvManager kv(small(20));
  const Tokens four{1, 2, 3, 4};
  BlockTable a, b;
  REQUIRE(kv.reserve(4, a));
  kv.seal(four, 1, a);
  CHECK(kv.match({}, four, 4, b) == 4);
  CHECK(ids(a) == ids(b));
  kv.check(2);
  kv.release(a);
  kv.check(2);  // b still holds them
  kv.release(b);
  kv.check(0);
}

TEST_CASE("tails go before heads, the longest unused first, what nobody can find before all") {
  KvManager kv(small(7));  // six to use
  publish(kv, {1, 2, 3, 4});
  publish(kv, {5, 6, 7, 8});
  BlockTable t;
  REQUIRE(kv.reserve(4, t));  // the two that hold nothing
  CHECK(found(kv, {5, 6, 7, 8}) == 4);
  CHECK(found(kv, {1, 2, 3, 4}) == 4);  // used last
  REQUIRE(kv.reserve(6, t));
  CHECK(found(kv, {5, 6, 7, 8}) == 2);
  CHECK(found(kv, {1, 2, 3, 4}) == 4);  // used last again
  REQUIRE(kv.reserve(8, t));
  CHECK(found(kv, {5, 6, 7, 8}) == 0);
  CHECK(found(kv, {1, 2, 3, 4}) == 4);
  kv.release(t);  // never published: reused before {1, 2, 3, 4}
  REQUIRE(kv.reserve(8, t));
  CHECK(found(kv, {1, 2, 3, 4}) == 4);
  kv.release(t);
  kv.check(0);
}

TEST_CASE("a block whose parent has been given other content is not found under it") {
  KvConfig config = small(6);
  SUBCASE("by its hash") {}
  SUBCASE("by comparison") { config.hash = constant; }
  KvManager kv(config);
  BlockTable x, y, z, w;
  const Tokens xs{1, 2, 3, 4}, ys{1, 2}, zs{9, 9, 9, 9, 8, 8}, ws{9, 9, 9, 9, 8, 8, 3, 4};
  REQUIRE(kv.reserve(4, x));
  REQUIRE(kv.reserve(2, y));
  kv.seal(ys, 1, y);
  kv.seal(xs, 1, x);  // its second block is published under y's
  kv.release(y);
  CHECK_FALSE(kv.reserve(8, z));
  CHECK(z.blocks.empty());
  REQUIRE(kv.reserve(6, z));
  kv.seal(zs, 2, z);  // y's block is among z's
  CHECK(kv.match({}, ws, 8, w) == 6);
  kv.release(w), kv.release(x), kv.release(z);
  kv.check(0);
}

TEST_CASE("a failed step's blocks are not found, older ones are") {
  KvManager kv(small(20));
  BlockTable t;
  const Tokens six{1, 2, 3, 4, 5, 6};
  REQUIRE(kv.reserve(6, t));
  kv.seal(std::span(six).first(2), 1, t);
  kv.seal(std::span(six).first(4), 2, t);
  kv.seal(six, 3, t);
  CHECK(found(kv, six) == 6);
  kv.unpublish(2);
  CHECK(found(kv, six) == 2);
  kv.release(t);
  CHECK(found(kv, six) == 2);
  kv.check(0);
}

TEST_CASE("equal hashes are told apart by comparison") {
  KvConfig c = small(20);
  c.hash = constant;
  KvManager kv(c);
  publish(kv, {1, 2, 3, 4});
  publish(kv, {1, 2, 5, 6}, 1, {.hi = 7});
  publish(kv, {3, 4});
  CHECK(found(kv, {1, 2, 3, 4}) == 4);
  CHECK(found(kv, {1, 2, 5, 6}) == 2);
  CHECK(found(kv, {1, 2, 5, 6}, {.hi = 7}) == 4);
  CHECK(found(kv, {3, 4, 3, 4}) == 2);
}

TEST_CASE("the hash depends on all it is given") {
  const Tokens t{1, 2, 3};
  const uint64_t h = block_hash({1, 2}, {3, 4, 5}, {6, 7}, t);
  const std::set<uint64_t> all{h,
                               block_hash({9, 2}, {3, 4, 5}, {6, 7}, t),
                               block_hash({1, 9}, {3, 4, 5}, {6, 7}, t),
                               block_hash({1, 2}, {9, 4, 5}, {6, 7}, t),
                               block_hash({1, 2}, {3, 9, 5}, {6, 7}, t),
                               block_hash({1, 2}, {3, 4, 9}, {6, 7}, t),
                               block_hash({1, 2}, {3, 4, 5}, {9, 7}, t),
                               block_hash({1, 2}, {3, 4, 5}, {6, 9}, t),
                               block_hash({1, 2}, {3, 4, 5}, {6, 7}, Tokens{1, 2, 4}),
                               block_hash({1, 2}, {3, 4, 5}, {6, 7}, Tokens{1, 2}),
                               block_hash({1, 2}, {3, 4, 5}, {6, 7}, Tokens{2, 1, 3})};
  CHECK(all.size() == 11);
  CHECK(block_hash({1, 2}, {3, 4, 5}, {6, 7}, t) == h);
}

// A content that has been published and not lost may be found; what is found must have been published under
// the very same beginning.
TEST_CASE("random walk: what is found was computed, and every block is accounted for") {
  std::mt19937 rng(5);
  auto up_to = [&](int32_t n) { return static_cast<int32_t>(rng() % static_cast<uint32_t>(n + 1)); };
  KvManager kv(small(24, 3));
  struct Row {
    BlockTable table;
    Tokens tokens;
    Salt salt;
  };
  std::vector<Row> rows(5);
  std::map<int32_t, std::pair<uint64_t, Tokens>> content;  // block: salt, all tokens up to its end
  int64_t hits = 0, refused = 0;
  uint64_t step = 0;
  for (int i = 0; i < 60000; ++i) {
    Row& r = rows[static_cast<size_t>(up_to(4))];
    ++step;
    if (r.tokens.empty()) {  // enter
      r.salt = {.hi = static_cast<uint64_t>(up_to(1))};
      Tokens prompt;
      for (int k = up_to(14); k >= 0; --k) prompt.push_back(up_to(1));
      const int32_t most = static_cast<int32_t>(prompt.size()) - 1,
                    n = kv.match(r.salt, prompt, most, r.table);
      REQUIRE(n % 3 == 0);
      REQUIRE(n <= most);
      for (size_t b = 0; b < r.table.blocks.size(); ++b) {
        const auto& [salt, tokens] = content.at(r.table.blocks[b].v);
        REQUIRE(salt == r.salt.hi);
        REQUIRE(tokens == Tokens(prompt.begin(), prompt.begin() + static_cast<long>(3 * (b + 1))));
      }
      hits += n;
      r.tokens.assign(prompt.begin(), prompt.begin() + n);
      for (Token t : std::span(prompt).subspan(static_cast<size_t>(n))) {
        if (!kv.reserve(static_cast<int32_t>(r.tokens.size()) + 1, r.table)) break;
        r.tokens.push_back(t);
      }
    } else if (up_to(5) == 0) {  // leave
      kv.release(r.table);
      r.tokens.clear();
    } else if (kv.reserve(static_cast<int32_t>(r.tokens.size()) + 1, r.table)) {
      r.tokens.push_back(up_to(1));
    } else {
      ++refused;
    }
    for (size_t b = static_cast<size_t>(r.table.sealed); 3 * (b + 1) <= r.tokens.size(); ++b)
      content[r.table.blocks[b].v] = {
          r.salt.hi, Tokens(r.tokens.begin(), r.tokens.begin() + static_cast<long>(3 * (b + 1)))};
    if (r.tokens.empty()) kv.release(r.table);
    else kv.seal(r.tokens, step, r.table);
    if (up_to(200) == 0) kv.unpublish(step - static_cast<uint64_t>(up_to(3)));
    std::set<BlockId> held;
    for (const Row& x : rows) held.insert(x.table.blocks.begin(), x.table.blocks.end());
    kv.check(static_cast<int32_t>(held.size()));
  }
  CHECK(hits > 1000);
  CHECK(refused > 100);
}

TEST_CASE("millions of blocks are ready in no time") {
  const auto start = std::chrono::steady_clock::now();
  KvManager kv(small(2'000'000, 16));
  BlockTable t;
  REQUIRE(kv.reserve(160, t));
  CHECK(std::chrono::steady_clock::now() - start < std::chrono::seconds(2));  // about 0.2 s
  kv.release(t);
  KvConfig most = small(40'000, 1 << 16);
  most.enable_prefix_caching = false;  // else it would ask for 10 GB
  CHECK(KvManager(most).capacity() == std::numeric_limits<int32_t>::max());
}

}  // namespace
}  // namespace quire
