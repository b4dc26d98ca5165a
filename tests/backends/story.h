// Sequences of tokens that are placed and attended over pages, in any schedule: what attention tests are
// told.
//
// A Story is data: the settings and, for each sequence, the q, k and v of all its positions. play() computes
// it on a device in the steps of a schedule, with blocks in a shuffled order and everything that a sequence
// may not read filled with NaN, block 0 included. The outputs must not depend on schedule, block size or
// threads.
#pragma once
#include <algorithm>
#include <numeric>

#include "tests/backends/device.h"

namespace quire::test {

struct Sequence {
  int32_t length = 0;
  int32_t parent = -1;  // whose first `shared` positions it has too: the same blocks, computed by the parent
  int32_t shared = 0;   // a multiple of every block size that it is played with
  Floats qkv = {};      // [length][(heads + 2 kv_heads) * head_dim]; the parent's in the shared part
};

struct Story {
  Attention attention;
  Floats q_weight = {}, k_weight = {};
  std::vector<Sequence> sequences;
  int32_t cols() const { return (attention.heads + 2 * attention.kv_heads) * attention.head_dim; }
};

struct Piece {  // the next `count` positions of a sequence
  int32_t sequence = 0, count = 0;
};
using Schedule = std::vector<std::vector<Piece>>;  // steps of rows

// For each sequence q after rotary and the output, both [length][heads * head_dim]; NaN for shared positions.
struct Played {
  std::vector<Floats> q, out;
};

class Stage {  // the tables of a story on a device
 public:
  Stage(Device& device, const Story& story, int32_t block_size, DType cache) : d_(device), story_(story) {
    const Attention& a = story.attention;
    kv_.dtype = cache, kv_.block_size = block_size, kv_.group = 1;
    kv_.spec = {a.kv_heads, a.head_dim, a.head_dim};
    kv_.block_stride = static_cast<int64_t>(d_->kv_block_bytes(kv_.spec, block_size, cache));
    REQUIRE(kv_.block_stride > 0);
    give_blocks(block_size);
    const std::vector<char> poison(at(num_blocks_ * kv_.block_stride), static_cast<char>(0xff));
    kv_.data = d_.bytes(poison.size(), poison.data());
    for (const Sequence& s : story.sequences) done_.push_back(s.shared);
    for (const Sequence& s : story.sequences) {
      played_.q.emplace_back(at(int64_t{s.length} * q_cols()), kNaN);
      played_.out.emplace_back(at(int64_t{s.length} * q_cols()), kNaN);
    }
  }

  void step(const std::vector<Piece>& rows) {
    const Attention& a = story_.attention;
    Ints begin = {0}, row_of, slots;
    Floats in;
    for (const Piece& p : rows) {
      const Sequence& s = story_.sequences[at(p.sequence)];
      REQUIRE(done_[at(p.sequence)] + p.count <= s.length);
      const Floats part = rows_of(s.qkv, story_.cols(), done_[at(p.sequence)], p.count);
      in.insert(in.end(), part.begin(), part.end());
      row_of.insert(row_of.end(), at(p.count), static_cast<int32_t>(slots.size()));
      slots.push_back(p.sequence);
      begin.push_back(begin.back() + p.count);
    }
    StepTables t;
    t.row_begin = d_.ints(begin), t.row_of = d_.ints(row_of), t.slot = d_.ints(slots),
    t.length = d_.ints(done_);
    t.block_table[kv_.group] = d_.ints(seen_tables());
    t.blocks_per_slot = blocks_per_slot_;

    const Mat qkv = d_.mat(begin.back(), story_.cols(), in), q = qkv.col_range(0, q_cols());
    const Weight q_norm = a.q_norm ? d_.vector(story_.q_weight) : Weight{};
    const Weight k_norm = a.k_norm ? d_.vector(story_.k_weight) : Weight{};
    d_->place_qkv(qkv, kv_, t, a, q_norm, k_norm);
    const Floats placed = first_columns(d_.read(qkv));
    d_->attend(q, q, kv_, t, a);
    const Floats out = first_columns(d_.read(qkv));
    for (size_t r = 0; r < rows.size(); ++r) {
      int32_t& done = done_[at(rows[r].sequence)];
      keep(played_.q[at(rows[r].sequence)], placed, done, begin[r], rows[r].count);
      keep(played_.out[at(rows[r].sequence)], out, done, begin[r], rows[r].count);
      done += rows[r].count;
    }
  }

  Played& played() { return played_; }

 private:
  int32_t q_cols() const { return story_.attention.heads * story_.attention.head_dim; }

  void give_blocks(int32_t block_size) {
    for (const Sequence& s : story_.sequences)
      blocks_per_slot_ = std::max(blocks_per_slot_, (s.length + block_size - 1) / block_size);
    num_blocks_ = 1;
    table_.assign(story_.sequences.size() * at(blocks_per_slot_), 0);
    std::vector<size_t> owned;
    for (size_t s = 0; s < story_.sequences.size(); ++s) {
      const Sequence& q = story_.sequences[s];
      REQUIRE(q.shared % block_size == 0);
      for (int32_t b = q.shared / block_size; b * block_size < q.length; ++b) {
        owned.push_back(s * at(blocks_per_slot_) + at(b));
        ++num_blocks_;
      }
    }
    std::shuffle(owned.begin(), owned.end(), std::mt19937(static_cast<unsigned>(block_size)));
    for (size_t i = 0; i < owned.size(); ++i) table_[owned[i]] = static_cast<int32_t>(i) + 1;
    for (size_t s = 0; s < story_.sequences.size(); ++s)
      for (int32_t b = 0; b < story_.sequences[s].shared / block_size; ++b)
        table_[s * at(blocks_per_slot_) + at(b)] =
            table_[at(story_.sequences[s].parent * blocks_per_slot_ + b)];
  }

  // What the manager would show now: blocks that the window has left behind are block 0.
  Ints seen_tables() const {
    Ints seen = table_;
    const int32_t window = story_.attention.window;
    for (size_t s = 0; window > 0 && s < done_.size(); ++s)
      for (int32_t b = 0; (b + 1) * kv_.block_size <= done_[s] - window + 1; ++b)
        seen[s * at(blocks_per_slot_) + at(b)] = 0;
    return seen;
  }

  Floats first_columns(const Floats& rows) const {
    Floats v;
    for (size_t r = 0; r < rows.size(); r += at(story_.cols()))
      v.insert(v.end(), rows.begin() + static_cast<int64_t>(r),
               rows.begin() + static_cast<int64_t>(r) + q_cols());
    return v;
  }
  void keep(Floats& to, const Floats& from, int32_t position, int32_t row, int32_t count) const {
    std::copy_n(from.begin() + int64_t{row} * q_cols(), int64_t{count} * q_cols(),
                to.begin() + int64_t{position} * q_cols());
  }

  Device& d_;
  const Story& story_;
  KvView kv_;
  int32_t blocks_per_slot_ = 0, num_blocks_ = 0;
  Ints table_, done_;
  Played played_;
};

inline Played play(Device& device, const Story& story, int32_t block_size, const Schedule& schedule,
                   DType cache) {
  Stage stage(device, story, block_size, cache);
  for (const auto& step : schedule) stage.step(step);
  return stage.played();
}
inline Played play(Device& device, const Story& story, int32_t block_size, const Schedule& schedule) {
  return play(device, story, block_size, schedule, device->cache());
}

// Everything in one step, sequence after sequence.
inline Schedule at_once(const Story& story) {
  Schedule s(1);
  for (size_t i = 0; i < story.sequences.size(); ++i)
    s[0].push_back({static_cast<int32_t>(i), story.sequences[i].length - story.sequences[i].shared});
  return s;
}

struct Left {  // how much of each sequence a schedule still has to name
  explicit Left(const Story& s) : story(s) {
    for (const Sequence& q : s.sequences) count.push_back(q.length - q.shared);
  }
  bool any() const {
    return std::any_of(count.begin(), count.end(), [](int32_t n) { return n > 0; });
  }
  // Something is left, and the parent has been computed, or is in this step, as far as it is shared.
  bool ready(size_t i) const {
    const Sequence& q = story.sequences[i];
    if (count[i] == 0 || q.parent < 0) return count[i] > 0;
    return story.sequences[at(q.parent)].length - count[at(q.parent)] >= q.shared;
  }
  const Story& story;
  Ints count;
};

// Steps in which each unfinished sequence advances by `count`. One by one: a step for each row instead.
inline Schedule in_pieces(const Story& story, int32_t count, bool one_by_one) {
  Schedule s;
  Left left(story);
  while (left.any()) {
    if (!one_by_one) s.emplace_back();
    for (size_t i = 0; i < left.count.size(); ++i) {
      if (!left.ready(i)) continue;
      const int32_t n = std::min(count, left.count[i]);
      if (one_by_one) s.emplace_back();
      s.back().push_back({static_cast<int32_t>(i), n});
      left.count[i] -= n;
    }
  }
  return s;
}

// Random rows of random lengths in random order. A sequence with a parent comes after the parent's shared
// part.
inline Schedule at_random(const Story& story, uint64_t seed) {
  std::mt19937_64 random(seed);
  Schedule s;
  Left left(story);
  while (left.any()) {
    std::vector<size_t> order(left.count.size());
    std::iota(order.begin(), order.end(), size_t{0});
    std::shuffle(order.begin(), order.end(), random);
    s.emplace_back();
    for (size_t i : order) {
      if (!left.ready(i) || random() % 3 == 0) continue;
      const auto most = static_cast<int32_t>(1 + random() % (random() % 2 == 0 ? 4 : 200));
      s.back().push_back({static_cast<int32_t>(i), std::min(most, left.count[i])});
      left.count[i] -= s.back().back().count;
    }
    if (s.back().empty()) s.pop_back();
  }
  return s;
}

}  // namespace quire::test
