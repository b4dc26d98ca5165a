// What an instruction set offers: one table of functions, and the structs they take. Every function works on
// one tile in the calling thread, needs no memory but its scratch, and calls nothing: what it computes for a
// row does not depend on which other rows stand in the tile.
//
// Nothing here has inline functions: drivers of wider instruction sets include this, and what they
// instantiate could be linked into the rest of the program.
#pragma once
#include <cstdint>

#include "backend/params.h"

namespace quire::cpu {

inline constexpr int32_t kPanel = 64;      // outputs of a panel of order kPairs64
inline constexpr int32_t kRowBlock = 128;  // most rows of one tile of a product
inline constexpr int32_t kChunk = 96;      // most words of a row's inputs that are multiplied at a time: with
                                           // the weights that they meet they stay in the first cache
inline constexpr int32_t kLogitChunk = 128;  // tokens that share one entry of a scan's maxima

// --- products ---------------------------------------------------------------
struct Product {
  const uint32_t* words = nullptr;  // [panels][pairs of inputs][64], two bf16 each, the earlier one low
  const float* bias = nullptr;      // [out] or null
  int32_t out = 0, in = 0;
  const uint32_t* x = nullptr;  // packed rows, see pack_row
  int32_t chunk = kChunk;       // words of a packed row that are multiplied at a time
  int64_t row_words = 0;        // of one packed row: kChunk for each chunk
  float* y = nullptr;
  int64_t y_stride = 0;
  const int32_t* y_row = nullptr;  // which row of y the product's row is; null: the same
  const float* weight = nullptr;   // [rows] add(): of each row
  int32_t turn = 0;                // the panel that the thread takes next is likely so many further
  int32_t width = 0;               // gated(): out / 2
  Act act = Act::kSilu;            // gated()
};
struct Panels {  // of a tile: those of [first, first + count)
  int32_t first = 0, count = 1;
};
inline constexpr int32_t kMostPanels = 4;                  // of a tile
inline constexpr int32_t kManyRows = 32;                   // of a tile: from so many on they do not stay near
inline constexpr int32_t kPanelSums = kRowBlock * kPanel;  // floats, of a block of rows
// Floats of scratch that a product takes: sums of gates, of ups, which may lie in a panel more, and a chunk.
inline constexpr int32_t kMostSums = kPanelSums * (2 * kMostPanels + 1);
inline constexpr int32_t kProductScratch = kMostSums + kChunk * kPanel;

// --- attention --------------------------------------------------------------
// In a block, for each kv head: keys as words of two features, [ceil(dim / 2)][block_size], and after them
// values as words of two positions, [ceil(block_size / 2)][value_width].
struct CacheShape {
  int32_t block_size = 0, kv_heads = 0, dim = 0;
  int32_t value_width = 0;                // dim, rounded up to whole vectors
  int64_t key_words = 0, head_words = 0;  // of one kv head of one block: its keys, and with its values
};

struct Place {  // one token's head norms, rotation and cache write
  CacheShape cache;
  int32_t heads = 0;
  int32_t rope_dim = 0;
  float rope_scale = 1.0f;
  const float* inv_freq = nullptr;
  const float* q_weight = nullptr;  // null: no norm
  const float* k_weight = nullptr;
  float q_eps = 0.0f, k_eps = 0.0f;
  bool q_plus_one = false, k_plus_one = false;
};
struct PlaceToken {
  float* qkv = nullptr;
  int32_t position = 0, in_block = 0;
  uint32_t* block = nullptr;
};

struct Attend {
  CacheShape cache;
  const char* data = nullptr;
  int64_t block_stride = 0;  // bytes
  int32_t heads = 0;         // query heads that share a kv head
  int32_t tokens = 1;        // most of a tile
  float scale = 0.0f, softcap = 0.0f;
};
inline constexpr int32_t kAttendRows = 128;  // most tokens x heads of a tile of several tokens
// A tile: tokens of one sequence that follow each other, and the query heads of one kv head. Token i stands
// at position + i and sees the keys up to its own; of those, the last `window` if that is not 0.
struct AttendTokens {
  const float* q = nullptr;  // [heads][dim] of each token
  float* out = nullptr;      // the same; may be q
  int64_t q_stride = 0, out_stride = 0;
  const int32_t* blocks = nullptr;
  int32_t kv_head = 0, position = 0, count = 0, window = 0;
};

// --- logits -----------------------------------------------------------------
struct Scan {
  float top = 0.0f;
  int32_t token = -1;   // the first that has it; -1: all are -infinity
  bool finite = false;  // no NaN and no +infinity
};
struct Draw {
  float value = 0.0f;
  int32_t token = -1;  // none yet
};
inline constexpr float kMostNoise = 16.75f;  // Gumbel noise of 23 bits is below it

struct Kernels {
  // Rows are packed in blocks of at most kRowBlock, and a product is given whole blocks: the block of rows
  // [first, first + count) begins at word first * row_words; in it chunk c of all its rows stands together,
  // [count][kChunk], of which the first `chunk` words are used, an even number, so that a tile of rows reads
  // memory in order. A word is `inputs_per_word` inputs: an f32, or two bf16, the earlier one low. Writes
  // chunk c of the row to `to` + c * step, whole vectors, beyond the row zeros.
  int32_t inputs_per_word;
  void (*pack_row)(const float* row, int32_t in, int32_t chunk, uint32_t* to, int64_t step);

  // y rows [first, first + count) of some panels: x w^T + bias.
  void (*linear)(const Product&, Panels, int32_t first, int32_t count, float* scratch);
  // act(gate) * up, the columns of some panels of gates.
  void (*gated)(const Product&, Panels, int32_t first, int32_t count, float* scratch);
  // y += weight * (x w^T + bias).
  void (*add)(const Product&, int32_t panel, int32_t first, int32_t count, float* scratch);

  // to[0, in) = row `row` * scale.
  void (*gather)(const uint32_t* words, int32_t in, int32_t row, float scale, float* to);
  // residual += x (not null); out (not null) = norm of residual. `weight` null: no norm.
  void (*norm)(float* out, float* residual, const float* x, const float* weight, int32_t cols, float eps,
               bool plus_one);
  void (*softcap)(float* x, int64_t count, float cap);

  void (*place)(const Place&, const PlaceToken&);
  int64_t (*attend_scratch)(const Attend&);  // floats
  // `next`, if not null, is the tile that the thread likely takes next.
  void (*attend)(const Attend&, const AttendTokens&, const AttendTokens* next, float* scratch);
  // One token by many threads: each piece that it sees gives a part, of `attend_part` floats; then all parts,
  // which stand in the order of their pieces, are merged into the first and the token's `out` is written.
  // `begin` is the piece's first position, `after` that of the piece that the thread likely takes next.
  int64_t (*attend_part)(const Attend&);
  void (*attend_piece)(const Attend&, const AttendTokens&, int32_t begin, int32_t after, float* part,
                       float* scratch);
  void (*attend_merge)(const Attend&, const AttendTokens&, int32_t pieces, float* parts);

  void (*exp)(float* x, int32_t count);  // in place
  // The largest logit, and that of every kLogitChunk tokens: maxima [ceil(count / kLogitChunk)].
  Scan (*scan)(const float* logits, int32_t count, float* maxima);
  // sums[chunk] of exp(logit / temperature - top).
  void (*exp_sums)(const float* logits, int32_t count, float temperature, float top, float* sums);
  // `best`, or the token listed that beats it: the largest value / temperature + noise, ties to the lower id.
  // ids null: first, first + 1, ...
  Draw (*draw)(Draw best, const int32_t* ids, int32_t first, const float* values, int32_t count,
               float temperature, uint64_t seed, int32_t position);
  // How many logits stand before that of `token` by (logit down, id up).
  int32_t (*count_before)(const float* logits, int32_t count, int32_t token);

  // Keep the units busy for `rounds`; they return the operations done. Null: the level has none. peak_int8
  // needs AVX512_VNNI, which is to be asked for apart.
  int64_t (*peak_fma)(int32_t rounds);
  int64_t (*peak_bf16)(int32_t rounds);
  int64_t (*peak_int8)(int32_t rounds);
};

}  // namespace quire::cpu
