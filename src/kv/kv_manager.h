// Which KV blocks belong to whom. Bookkeeping over block ids only: it knows neither the
// memory behind a block nor the model that fills it. Five verbs: match, reserve, seal, release, unpublish.
//
// One thread. Nothing allocates after construction but the growth of a caller's table. It takes about
// 100 + 4 * block_size bytes for each block, the latter only as blocks are published.
// Reuse is immediate: a block is matchable from the plan that fills it, because steps run in
// order and a step places all its k and v before any of its rows attends.
#pragma once
#include <algorithm>
#include <cstdint>
#include <limits>
#include <memory>
#include <span>
#include <vector>

#include "base/ids.h"
#include "kv/block_hash.h"
#include "kv/free_blocks.h"

namespace quire {

// The blocks of one sequence, in token order. Append-only while it lives.
struct BlockTable {
  std::vector<BlockId> blocks;
  int32_t sealed = 0;   // leading blocks whose content has been published
  Salt salt;            // of the sealed blocks
  Filling last;         // the published block that ends them: parent of the next
  uint64_t newest = 0;  // the latest step that filled a block which match() took over
  int32_t owner = 0;    // whose account new blocks are on; known to open(), or 0
};

struct KvConfig {
  int32_t num_blocks = 0;             // block 0 among them, which is never handed out: padding writes there
  int32_t block_size = 16;            // any; the programs allow powers of two and multiples of 256
  bool enable_prefix_caching = true;  // off: nothing is published, so nothing matches
  Secret secret;                      // drawn by the caller from the system
  BlockHash hash = block_hash;
};

class KvManager {
 public:
  explicit KvManager(const KvConfig& config);

  int32_t block_size() const { return config_.block_size; }
  int32_t usable_blocks() const { return config_.num_blocks - 1; }
  int32_t free_blocks() const { return free_.count(); }
  // Without those that are spared for other owners: published ones, see free_blocks.h.
  int32_t free_blocks_for(int32_t owner) const { return free_.count_for(owner); }
  int32_t blocks_for(int32_t tokens) const {
    return tokens / config_.block_size + (tokens % config_.block_size != 0);
  }
  // Tokens that all blocks hold together, or the largest int32_t.
  int32_t capacity() const {
    return static_cast<int32_t>(
        std::min<int64_t>(int64_t{usable_blocks()} * block_size(), std::numeric_limits<int32_t>::max()));
  }

  // Before a table names this owner. The only call that may allocate. A published block that nobody uses any
  // more stays on the account of who reserved it.
  void open(int32_t owner) { free_.open(owner); }

  // Start the empty `table` with the longest published prefix of `tokens`, in whole blocks
  // and at most `max_tokens` long. Returns the number of tokens covered.
  int32_t match(const Salt& salt, std::span<const Token> tokens, int32_t max_tokens, BlockTable& table);

  // Grow `table` to hold `num_tokens`. False: not enough free blocks for its owner, and nothing changed.
  // `force`: also with what is spared for other owners.
  bool reserve(int32_t num_tokens, BlockTable& table, bool force = false);

  // Publish the full blocks of `table`; they hold `tokens` when `step` and all before it have run.
  void seal(std::span<const Token> tokens, uint64_t step, BlockTable& table);

  // Give every block back; `table` is empty again. Published blocks stay matchable until reused.
  void release(BlockTable& table);

  // `step` did not run: nothing that it or a later one published is matched again. Looks at every block.
  void unpublish(uint64_t step);

  // Recount everything. Stops the process unless `held` blocks are in use and all links agree.
  void check(int32_t held) const;

 private:
  struct Block {
    int32_t refs = 0;
    bool published = false;
    int32_t next_in_bucket = 0;  // when published
    uint64_t hash = 0;
    uint32_t generation = 0;
    Salt salt;  // these and the block's tokens are compared on a hit
    Filling parent;
    uint64_t step = 0;  // that filled it
    int32_t owner = 0;  // who reserved it
  };
  std::span<Token> tokens_of(int32_t b);
  int32_t& bucket(uint64_t hash) { return buckets_[hash & (buckets_.size() - 1)]; }
  int32_t find(uint64_t hash, const BlockTable& table, std::span<const Token> part);
  void publish(int32_t b, uint64_t hash);
  void unpublish_block(int32_t b);
  void take(int32_t b);
  void give(int32_t b);

  KvConfig config_;
  std::vector<Block> blocks_;
  std::unique_ptr<Token[]> tokens_;  // [block][position]: content of published blocks; the rest is not set
  std::vector<int32_t> buckets_;     // first published block, or 0; a power of two of them
  FreeBlocks free_;                  // all with refs == 0
};

}  // namespace quire
