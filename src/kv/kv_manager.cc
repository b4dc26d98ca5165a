#include "kv/kv_manager.h"

#include <algorithm>
#include <bit>
#include <utility>

#include "base/status.h"

namespace quire {

KvManager::KvManager(const KvConfig& config)
    : config_(config), blocks_(config.num_blocks), free_(config.num_blocks) {
  QUIRE_CHECK(config.num_blocks > 1 && config.block_size > 0);
  if (config.enable_prefix_caching) {
    // Not set to 0: then the system gives the memory only when it is used.
    tokens_ =
        std::make_unique_for_overwrite<Token[]>(static_cast<size_t>(config.num_blocks) * config.block_size);
    buckets_.resize(std::bit_ceil(static_cast<size_t>(config.num_blocks)));
  }
  free_.open(0);
}

int32_t KvManager::match(const Salt& salt, std::span<const Token> tokens, int32_t max_tokens,
                         BlockTable& table) {
  QUIRE_CHECK(table.blocks.empty());
  table.salt = salt;
  if (!config_.enable_prefix_caching) return 0;
  const int32_t whole = std::min(max_tokens, static_cast<int32_t>(tokens.size())) / block_size();
  while (table.sealed < whole) {
    const auto part = tokens.subspan(static_cast<size_t>(table.sealed) * block_size(), block_size());
    const int32_t b = find(config_.hash(config_.secret, salt, table.last, part), table, part);
    if (b == 0) break;
    take(b);
    table.blocks.push_back({b});
    table.last = {b, blocks_[b].generation};
    table.newest = std::max(table.newest, blocks_[b].step);
    ++table.sealed;
  }
  return table.sealed * block_size();
}

bool KvManager::reserve(int32_t num_tokens, BlockTable& table, bool force) {
  const int32_t need = blocks_for(num_tokens) - static_cast<int32_t>(table.blocks.size());
  if (need <= 0) return true;
  if (need > (force ? free_.count() : free_.count_for(table.owner))) return false;
  for (int32_t i = 0; i < need; ++i) {
    const int32_t b = free_.next(table.owner);
    free_.take(b);
    free_.hold(table.owner, 1);
    blocks_[b].refs = 1;
    blocks_[b].owner = table.owner;
    if (blocks_[b].published) unpublish_block(b);
    ++blocks_[b].generation;  // whoever names it as parent means what it held before
    table.blocks.push_back({b});
  }
  return true;
}

void KvManager::seal(std::span<const Token> tokens, uint64_t step, BlockTable& table) {
  if (!config_.enable_prefix_caching) return;
  while (std::cmp_less_equal(int64_t{table.sealed + 1} * block_size(), tokens.size())) {
    const auto part = tokens.subspan(static_cast<size_t>(table.sealed) * block_size(), block_size());
    const uint64_t hash = config_.hash(config_.secret, table.salt, table.last, part);
    int32_t b = find(hash, table, part);
    if (b == 0) {  // else two sequences computed the same at once: the first one's block is the one to find
      b = table.blocks[table.sealed].v;
      blocks_[b].salt = table.salt;
      blocks_[b].parent = table.last;
      blocks_[b].step = step;
      std::ranges::copy(part, tokens_of(b).begin());
      publish(b, hash);
    }
    table.last = {b, blocks_[b].generation};
    ++table.sealed;
  }
}

void KvManager::release(BlockTable& table) {
  for (size_t i = table.blocks.size(); i-- > 0;) give(table.blocks[i].v);  // prefixes live longest
  table.blocks.clear();                                                    // keeps its memory
  table.sealed = 0;
  table.last = {};
  table.newest = 0;
}

void KvManager::unpublish(uint64_t step) {
  for (size_t b = 1; b < blocks_.size(); ++b)
    if (blocks_[b].published && blocks_[b].step >= step) {
      unpublish_block(static_cast<int32_t>(b));
      if (blocks_[b].refs > 0) continue;
      free_.take(static_cast<int32_t>(b));
      free_.give(static_cast<int32_t>(b), FreeBlocks::kNobody);
    }
}

std::span<Token> KvManager::tokens_of(int32_t b) {
  return {tokens_.get() + static_cast<size_t>(b) * block_size(), static_cast<size_t>(block_size())};
}

// The published block that continues `table` with `part`, or 0.
int32_t KvManager::find(uint64_t hash, const BlockTable& table, std::span<const Token> part) {
  for (int32_t b = bucket(hash); b != 0; b = blocks_[b].next_in_bucket) {
    const Block& k = blocks_[b];
    if (k.hash == hash && k.parent == table.last && k.salt == table.salt &&
        std::ranges::equal(tokens_of(b), part))
      return b;
  }
  return 0;
}

void KvManager::publish(int32_t b, uint64_t hash) {
  blocks_[b].published = true;
  blocks_[b].hash = hash;
  blocks_[b].next_in_bucket = std::exchange(bucket(hash), b);
}

void KvManager::unpublish_block(int32_t b) {
  int32_t* link = &bucket(blocks_[b].hash);
  while (*link != b) link = &blocks_[*link].next_in_bucket;
  *link = blocks_[b].next_in_bucket;
  blocks_[b].published = false;
}

void KvManager::take(int32_t b) {
  if (blocks_[b].refs++ > 0) return;
  free_.take(b);
  free_.hold(blocks_[b].owner, 1);
}

void KvManager::give(int32_t b) {
  const Block& k = blocks_[b];
  if (--blocks_[b].refs > 0) return;
  free_.hold(k.owner, -1);
  free_.give(b, k.published ? k.owner : FreeBlocks::kNobody);
}

void KvManager::check(int32_t held) const {
  int32_t unused = 0, found = 0, published = 0;
  for (int32_t b : buckets_)
    for (; b != 0; b = blocks_[b].next_in_bucket) ++found;
  for (const Block& k : blocks_) unused += k.refs == 0, published += k.published;
  free_.check();
  QUIRE_CHECK(blocks_[0].refs == 0 && unused == free_.count() + 1 && found == published);
  QUIRE_CHECK(usable_blocks() - free_.count() == held);
}

}  // namespace quire
