// The cache's shape, and tiles of attention: some tokens' norms, rotation and cache write; one kv
// head's attention for one token or for some of a prompt.
#include <algorithm>

#include "backends/cpu/cpu_backend.h"

namespace quire::cpu {

namespace {

constexpr int32_t kVectorFloats = 16;  // of the widest level

CacheShape shape_of(const KvSpec& spec, int32_t block_size) {
  CacheShape c;
  c.block_size = block_size;
  c.kv_heads = spec.kv_heads;
  c.dim = spec.k_dim;
  c.value_width = (spec.v_dim + kVectorFloats - 1) / kVectorFloats * kVectorFloats;
  c.key_words = static_cast<int64_t>((spec.k_dim + 1) / 2) * block_size;
  c.head_words = c.key_words + static_cast<int64_t>((block_size + 1) / 2) * c.value_width;
  return c;
}

int32_t position_of(const StepTables& t, int32_t token) {
  const int32_t row = t.row_of.data[token];
  return t.length.data[t.slot.data[row]] + token - t.row_begin.data[row];
}

const int32_t* blocks_of(const StepTables& t, const KvView& kv, int32_t token) {
  const int64_t slot = t.slot.data[t.row_of.data[token]];
  return t.block_table[kv.group].data + slot * t.blocks_per_slot;
}

void check(const KvView& kv, const Attention& a) {
  QUIRE_CHECK(kv.dtype == DType::kBF16 && kv.spec == (KvSpec{a.kv_heads, a.head_dim, a.head_dim}));
  QUIRE_CHECK(a.head_dim <= kMaxHeadDim && a.heads % a.kv_heads == 0 && a.rope.dim <= a.head_dim);
  QUIRE_CHECK(kv.block_size > 0 &&
              (kAttentionPiece % kv.block_size == 0 || kv.block_size % kAttentionPiece == 0));
}

const float* norm_weight(const Weight& w, const Norm& n, int32_t dim) {
  if (!n) return nullptr;
  QUIRE_CHECK(w.in == dim && w.layout.elem == Elem::kF32 && w.layout.order == Order::kRows);
  return static_cast<const float*>(w.data);
}

}  // namespace

size_t CpuBackend::kv_block_bytes(const KvSpec& spec, int32_t block_size, DType dtype) const {
  const bool pieces =
      block_size > 0 && (kAttentionPiece % block_size == 0 || block_size % kAttentionPiece == 0);
  if (dtype != DType::kBF16 || !pieces || spec.k_dim > kMaxHeadDim || spec.v_dim != spec.k_dim) return 0;
  const CacheShape c = shape_of(spec, block_size);
  return static_cast<size_t>(c.kv_heads * c.head_words) * sizeof(uint32_t);
}

void CpuBackend::place_qkv(Mat qkv, const KvView& kv, const StepTables& t, const Attention& a,
                           const Weight& q_norm, const Weight& k_norm) {
  check(kv, a);
  QUIRE_CHECK(qkv.dtype == DType::kF32 && qkv.cols == (a.heads + 2 * a.kv_heads) * a.head_dim);
  Place p;
  p.cache = shape_of(kv.spec, kv.block_size);
  p.heads = a.heads;
  p.rope_dim = a.rope.dim;
  p.rope_scale = a.rope.scale;
  p.inv_freq = a.rope.inv_freq.data();
  p.q_weight = norm_weight(q_norm, a.q_norm, a.head_dim);
  p.k_weight = norm_weight(k_norm, a.k_norm, a.head_dim);
  p.q_eps = a.q_norm.eps, p.q_plus_one = a.q_norm.plus_one;
  p.k_eps = a.k_norm.eps, p.k_plus_one = a.k_norm.plus_one;
  constexpr int32_t kTokens = 4;
  share((qkv.rows + kTokens - 1) / kTokens, int64_t{16} * qkv.rows * qkv.cols, [&](int32_t tile, int32_t) {
    for (int32_t i = tile * kTokens; i < std::min(qkv.rows, (tile + 1) * kTokens); ++i) {
      const int32_t position = position_of(t, i), in_table = position / kv.block_size;
      QUIRE_CHECK(position >= 0 && in_table < t.blocks_per_slot);
      const int64_t block = blocks_of(t, kv, i)[in_table];
      auto* data = static_cast<char*>(kv.data) + block * kv.block_stride;
      k_.place(p, {qkv.f32(i), position, position % kv.block_size, reinterpret_cast<uint32_t*>(data)});
    }
  });
}

void CpuBackend::attend(Mat out, Mat q, const KvView& kv, const StepTables& t, const Attention& a) {
  check(kv, a);
  QUIRE_CHECK(out.dtype == DType::kF32 && q.dtype == DType::kF32 && q.cols == a.heads * a.head_dim);
  QUIRE_CHECK(out.cols == q.cols && out.rows == q.rows);
  Attend g;
  g.cache = shape_of(kv.spec, kv.block_size);
  g.data = static_cast<const char*>(kv.data);
  g.block_stride = kv.block_stride;
  g.heads = a.heads / a.kv_heads;
  g.scale = a.scale;
  g.softcap = a.softcap;
  const int32_t most = std::max(1, kAttendRows / g.heads);
  g.tokens = std::min(most, q.rows);
  reserve_scratch(k_.attend_scratch(g));
  attend_tiles_.clear();
  for (int32_t first = 0; first < q.rows;) {
    const int32_t left = t.row_begin.data[t.row_of.data[first] + 1] - first;
    attend_tiles_.push_back({first, std::min(most, left)});
    first += attend_tiles_.back().count;
  }
  // Tiles of a row follow each other within a kv head, so that its pages stay near.
  const auto tiles = static_cast<int32_t>(attend_tiles_.size()), all = a.kv_heads * tiles;
  const auto tokens_of = [&](int32_t tile) {
    const int32_t head = tile / tiles, first_feature = head * g.heads * a.head_dim;
    const auto [first, count] = attend_tiles_[static_cast<size_t>(tile % tiles)];
    AttendTokens w;
    w.q = q.f32(first) + first_feature;
    w.out = out.f32(first) + first_feature;
    w.q_stride = q.stride;
    w.out_stride = out.stride;
    w.blocks = blocks_of(t, kv, first);
    w.kv_head = head;
    w.position = position_of(t, first);
    w.count = count;
    w.window = a.window;
    return w;
  };
  const int64_t keys =
      q.rows > 0 ? position_of(t, q.rows - 1) + 1 : 0;  // of the last token; others are like it
  const int64_t work = 2 * keys * q.rows * q.cols;
  const int32_t threads = pool_.threads();
  if (tiles == q.rows && all < 4 * threads && all % threads != 0)
    return attend_pieces(g, all, tokens_of, work);
  share(all, work, [&](int32_t tile, int32_t worker) {
    const AttendTokens w = tokens_of(tile);
    const bool more = tile + threads < all;
    const AttendTokens next = more ? tokens_of(tile + threads) : AttendTokens();
    k_.attend(g, w, more ? &next : nullptr, scratch(worker));
  });
}

void CpuBackend::attend_pieces(const Attend& g, int32_t tokens, function_ref<AttendTokens(int32_t)> token,
                               int64_t work) {
  // Pieces [first, end) of a token, and where those of all tokens before end.
  const auto first = [&](const AttendTokens& t) {
    return t.window > 0 ? std::max(0, t.position + 1 - t.window) / kAttentionPiece : 0;
  };
  piece_begin_.assign(1, 0);
  for (int32_t i = 0; i < tokens; ++i) {
    const AttendTokens t = token(i);
    piece_begin_.push_back(piece_begin_.back() + t.position / kAttentionPiece + 1 - first(t));
  }
  const int64_t part = k_.attend_part(g);
  const int32_t pieces = piece_begin_.back(), threads = pool_.threads();
  if (static_cast<int64_t>(parts_.size()) < pieces * part) parts_.resize(static_cast<size_t>(pieces * part));
  share(pieces, work, [&](int32_t piece, int32_t worker) {
    const auto after = std::ranges::upper_bound(piece_begin_, piece);
    const AttendTokens t = token(static_cast<int32_t>(after - piece_begin_.begin()) - 1);
    const int32_t begin = (first(t) + piece - after[-1]) * kAttentionPiece;
    k_.attend_piece(g, t, begin, begin + threads * kAttentionPiece, parts_.data() + piece * part,
                    scratch(worker));
  });
  for (int32_t i = 0; i < tokens; ++i) {
    const int32_t begin = piece_begin_[static_cast<size_t>(i)];
    k_.attend_merge(g, token(i), piece_begin_[static_cast<size_t>(i) + 1] - begin,
                    parts_.data() + begin * part);
  }
}

}  // namespace quire::cpu
