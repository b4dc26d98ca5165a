#include "models/loader.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <mutex>
#include <string>

#include "base/align.h"
#include "base/thread_pool.h"
#include "models/dummy.h"
#include "models/inventory.h"
#include "tensor/half.h"
#include "weights/format.h"
#include "weights/vector.h"

namespace quire {
namespace {

constexpr int64_t kChunkBytes = int64_t{8} << 20;  // of rows that are read, decoded and packed at a time

struct Stored {                          // one part of a matrix, as the source keeps it
  const WeightFormat* format = nullptr;  // null: random
  std::string prefix;
  StoredMatrix matrix;
};

Result<Stored> locate(const ModelSpec& spec, const Part& part, int32_t in, const WeightSource& source) {
  if (!source.checkpoint) return Stored{nullptr, {}, {{.elem = source.dummy_elem}, part.rows, in}};
  auto name = find_name(spec, part, *source.checkpoint);
  if (!name.ok()) return name.status();
  auto format = find_format(*source.checkpoint, name.value());
  if (!format.ok()) return format.status();
  auto matrix = format.value()->describe(*source.checkpoint, name.value());
  if (!matrix.ok()) return matrix.status();
  const StoredMatrix& m = matrix.value();
  if (m.out != part.rows || m.in != in)
    return Status(Code::kInvalidArgument, source.checkpoint->path() + ": " + name.value() + " is [" +
                                              std::to_string(m.out) + ", " + std::to_string(m.in) +
                                              "]; the config asks for [" + std::to_string(part.rows) + ", " +
                                              std::to_string(in) + "].");
  return Stored{format.value(), std::move(name).value(), m};
}

// The layout that all parts of a matrix share in memory. Parts that differ meet in f32.
struct Placement {
  WeightLayout layout;
  std::vector<Stored> parts;
  bool rounded = false;
};

Result<Placement> place(const ModelSpec& spec, const Entry& e, const WeightSource& source,
                        const Backend& backend) {
  Placement p;
  for (const Part& part : e.parts) {
    auto s = locate(spec, part, e.in, source);
    if (!s.ok()) return s.status();
    p.parts.push_back(std::move(s).value());
  }
  WeightLayout stored = p.parts[0].matrix.layout;
  if (!std::ranges::all_of(p.parts, [&](const Stored& s) { return s.matrix.layout == stored; }))
    stored = {.elem = Elem::kF32};
  p.layout = backend.prefer(stored, e.out, e.in);
  p.rounded = p.layout.elem == Elem::kBF16 && (stored.elem == Elem::kF32 || stored.elem == Elem::kF16);
  return p;
}

Weight weight_of(const Entry& e, const WeightLayout& layout, const Backend& backend) {
  Weight w{.layout = layout, .out = e.out, .in = e.in, .count = e.count};
  w.stride = backend.weight_stride(w);
  return w;
}

// Without its bias.
size_t bytes_of(const Entry& e, const WeightLayout& layout, const Backend& backend) {
  if (e.vector) return size_t{4} * static_cast<size_t>(e.in);
  return backend.weight_bytes(weight_of(e, layout, backend));
}

int64_t bias_bytes(const Entry& e) { return e.bias ? int64_t{4} * e.count * e.out : 0; }

}  // namespace

Result<WeightTotals> weigh(const ModelSpec& spec, const WeightSource& source, const Backend& backend) {
  WeightTotals totals;
  ModelWeights unused;
  for (const Entry& e : inventory(spec, unused)) {
    totals.parameters += e.elements();
    Result<Placement> p = e.vector ? Placement() : place(spec, e, source, backend);
    if (!p.ok()) return p.status();
    totals.bytes += static_cast<int64_t>(bytes_of(e, p.value().layout, backend)) + bias_bytes(e);
    totals.rounded = totals.rounded || p.value().rounded;
  }
  return totals;
}

void settle_head(ModelSpec& spec, const Checkpoint& checkpoint) {
  if (!spec.tied_head) return;
  const auto head = find_name(spec, {.ours = "head"}, checkpoint),
             table = find_name(spec, {.ours = "embed"}, checkpoint);
  if (!head.ok() || !table.ok()) return;
  const auto h = checkpoint.find(head.value() + ".weight"), t = checkpoint.find(table.value() + ".weight");
  spec.tied_head = !h || !t || (h->type == t->type && std::ranges::equal(h->bytes, t->bytes));
}

// One load; what it took so far is given back by LoadedWeights if it fails.
class Loading {
 public:
  Loading(const ModelSpec& spec, const WeightSource& source, Backend& backend, LoadedWeights& to)
      : spec_(spec),
        source_(source),
        backend_(backend),
        to_(to),
        threads_(backend.threads()),
        floats_(static_cast<size_t>(threads_.threads())) {}

  Status run(const std::function<void(double)>& progress, const WeightCache* cache) {
    const std::vector<Entry> entries = inventory(spec_, to_.weights_);
    for (const Entry& e : entries) {
      Result<Placement> placed = e.vector ? Placement() : place(spec_, e, source_, backend_);
      if (!placed.ok()) return placed.status();
      placements_.push_back(std::move(placed).value());
    }
    if (cache && source_.checkpoint && backend_.synchronous()) {
      to_.key_ = key_of(entries);
      to_.cached_ = cache->find(to_.key_, threads_);
    }
    if (!to_.cached_)
      if (Status s = reserve(entries); !s.ok()) return s;
    int64_t all = 0, done = 0;
    for (const Entry& e : entries) all += e.elements();
    for (size_t i = 0; i < entries.size(); ++i) {
      const Entry& e = entries[i];
      if (Status s = e.vector ? vector(e) : matrix(e, placements_[i]); !s.ok()) return s;
      done += e.elements();
      if (progress) progress(static_cast<double>(done) / static_cast<double>(all));
    }
    if (spec_.tied_head) to_.weights_.head = to_.weights_.embed;
    return {};
  }

 private:
  // All that the bytes in memory depend on.
  std::string key_of(const std::vector<Entry>& entries) const {
    std::string key = "quire weights, form 1, " + std::string(backend_.name()) + "\n";
    for (size_t i = 0; i < entries.size(); ++i) {
      const Entry& e = entries[i];
      key += std::string(e.parts[0].ours) + ' ' + std::to_string(e.parts[0].layer);
      for (const int32_t n : {e.out, e.in, e.count, int32_t{e.vector}, int32_t{e.bias}})
        key += ' ' + std::to_string(n);
      if (!e.vector) {
        const WeightLayout& l = placements_[i].layout;
        key +=
            ' ' + std::to_string(static_cast<int>(l.elem)) + ' ' + std::to_string(static_cast<int>(l.order));
      }
      key += '\n';
    }
    return key + source_.checkpoint->identity();
  }

  // All weights lie side by side in the order in which a step reads them: so few of them end in a part of a
  // huge page, which the system makes of small ones.
  Status reserve(const std::vector<Entry>& entries) {
    constexpr size_t kAlign = WeightCache::kPieceAlign;
    for (size_t i = 0; i < entries.size(); ++i) {
      const Entry& e = entries[i];
      left_ += align_up(bytes_of(e, placements_[i].layout, backend_), kAlign);
      left_ += align_up(static_cast<size_t>(bias_bytes(e)), kAlign);
    }
    auto memory = backend_.allocate(left_);
    if (!memory.ok()) return memory.status();
    to_.memory_ = memory.value();
    at_ = static_cast<std::byte*>(to_.memory_);
    return {};
  }

  // The next piece of memory. `filled`: it is the cache's, and needs no more.
  struct Piece {
    void* data;
    bool filled;
  };
  Result<Piece> allocate(size_t bytes) {
    if (to_.cached_) {
      const size_t i = next_piece_++;
      if (i < to_.cached_->pieces() && to_.cached_->piece(i).size() == bytes)
        return Piece{const_cast<std::byte*>(to_.cached_->piece(i).data()), true};
      return Status(Code::kInvalidArgument, "the cache of weights does not fit the model; delete it.");
    }
    const size_t whole = align_up(bytes, WeightCache::kPieceAlign);
    QUIRE_CHECK(whole <= left_);
    std::byte* data = at_;
    at_ += whole, left_ -= whole;
    to_.pieces_.emplace_back(data, bytes);
    return Piece{data, false};
  }

  Status vector(const Entry& e) {
    std::vector<float> values(static_cast<size_t>(e.in), e.plus_one ? 0.0f : 1.0f);
    if (source_.checkpoint) {
      auto name = find_name(spec_, e.parts[0], *source_.checkpoint);
      if (!name.ok()) return name.status();
      auto read = read_vector(*source_.checkpoint, name.value() + ".weight", e.in);
      if (!read.ok()) return read.status();
      values = std::move(read).value();
    }
    auto memory = allocate(values.size() * sizeof(float));
    if (!memory.ok()) return memory.status();
    const auto [data, filled] = memory.value();
    if (!filled) backend_.upload(data, values.data(), values.size() * sizeof(float));
    *e.to = {.layout = {.elem = Elem::kF32}, .out = 1, .in = e.in, .data = data};
    return {};
  }

  Status matrix(const Entry& e, const Placement& p) {
    Weight w = weight_of(e, p.layout, backend_);
    auto memory = allocate(backend_.weight_bytes(w));
    if (!memory.ok()) return memory.status();
    w.data = memory.value().data;
    for (size_t i = 0; i < e.parts.size() && !memory.value().filled; ++i)
      if (Status s = part(w, e, e.parts[i], p.parts[i]); !s.ok()) return s;
    if (e.bias)
      if (Status s = biases(w, e, p); !s.ok()) return s;
    *e.to = w;
    return {};
  }

  Status part(const Weight& w, const Entry& e, const Part& part, const Stored& stored) {
    const int64_t row_bytes = std::max<int64_t>(1, int64_t{4} * e.in);
    const int32_t chunk = static_cast<int32_t>(std::clamp<int64_t>(kChunkBytes / row_bytes, 1, part.rows));
    for (int32_t row = 0; row < part.rows; row += chunk) {
      const Range rows{row, std::min(part.rows, row + chunk)};
      Weight piece{.layout = stored.matrix.layout, .out = rows.size(), .in = e.in};
      piece.layout.order = Order::kRows;
      if (Status s = read(stored, part, rows, piece); !s.ok()) return s;
      if (piece.layout.elem != w.layout.elem) convert(stored, w.layout.elem, piece);
      backend_.load(w, std::max(0, part.expert), part.first + rows.begin, piece);
    }
    if (stored.format) source_.checkpoint->drop(stored.prefix + ".weight");
    return {};
  }

  Status read(const Stored& stored, const Part& part, Range rows, Weight& piece) {
    if (!stored.format) {
      const size_t row_bytes = static_cast<size_t>(piece.in) * dummy_elem_size(source_.dummy_elem);
      bytes_.resize(static_cast<size_t>(rows.size()) * row_bytes);
      by_rows(rows.size(), [&](Range own, int32_t) {
        fill_dummy(source_, part, {rows.begin + own.begin, rows.begin + own.end}, piece.in,
                   std::span(bytes_).subspan(static_cast<size_t>(own.begin) * row_bytes));
      });
    } else {
      const Range in{0, piece.in};
      bytes_.resize(stored.format->bytes(stored.matrix, rows, in));
      if (Status s = repack(stored, rows, in); !s.ok()) return s;
    }
    piece.data = bytes_.data();
    return {};
  }

  // Rows as the file has them. Where values are all there is, rows follow each other and all threads copy.
  Status repack(const Stored& stored, Range rows, Range in) {
    const auto part = [&](Range own, std::span<std::byte> to) {
      return stored.format->repack(*source_.checkpoint, stored.prefix, own, in, to);
    };
    if (stored.matrix.layout.group_in != 0) return part(rows, bytes_);
    const size_t row_bytes = bytes_.size() / static_cast<size_t>(rows.size());
    std::mutex mutex;
    Status first;  // of the row that comes first, whichever thread meets it
    int32_t place = rows.end;
    by_rows(rows.size(), [&](Range own, int32_t) {
      const Range at{rows.begin + own.begin, rows.begin + own.end};
      const auto to = std::span(bytes_).subspan(static_cast<size_t>(own.begin) * row_bytes,
                                                static_cast<size_t>(own.size()) * row_bytes);
      Status s = part(at, to);
      if (s.ok()) return;
      const std::lock_guard lock(mutex);
      if (at.begin < place) place = at.begin, first = std::move(s);
    });
    return first;
  }

  // Rows of one elem to rows of f32 or bf16.
  void convert(const Stored& stored, Elem to, Weight& piece) {
    QUIRE_CHECK(to == Elem::kF32 || to == Elem::kBF16);
    const auto in = static_cast<size_t>(piece.in), rows = static_cast<size_t>(piece.out);
    converted_.resize(rows * in * (to == Elem::kF32 ? 4 : 2));
    const WeightFormat& format = stored.format ? *stored.format : *weight_formats()[0];  // random: dense
    by_rows(piece.out, [&](Range own, int32_t worker) {
      std::vector<float>& floats = floats_[static_cast<size_t>(worker)];
      floats.resize(in);
      for (int32_t row = own.begin; row < own.end; ++row) {
        format.decode_row(piece, row, floats);
        const size_t at = static_cast<size_t>(row) * in;
        if (to == Elem::kF32) std::memcpy(converted_.data() + at * 4, floats.data(), in * 4);
        else
          std::ranges::transform(floats, reinterpret_cast<uint16_t*>(converted_.data()) + at, float_to_bf16);
      }
    });
    piece.layout = {.elem = to};
    piece.data = converted_.data();
  }

  // Hands out the rows [0, rows) to all threads.
  template <class F>
  void by_rows(int32_t rows, F take) {
    constexpr int32_t kRows = 16;
    threads_.run((rows + kRows - 1) / kRows, [&](int32_t tile, int32_t worker) {
      take(Range{tile * kRows, std::min(rows, (tile + 1) * kRows)}, worker);
    });
  }

  Status biases(Weight& w, const Entry& e, const Placement& p) {
    std::vector<float> all(static_cast<size_t>(e.count) * static_cast<size_t>(e.out));
    for (size_t i = 0; i < e.parts.size() && source_.checkpoint; ++i) {
      auto b = read_vector(*source_.checkpoint, p.parts[i].prefix + ".bias", e.parts[i].rows);
      if (!b.ok()) return b.status();
      std::ranges::copy(b.value(),
                        all.begin() + int64_t{std::max(0, e.parts[i].expert)} * e.out + e.parts[i].first);
    }
    auto memory = allocate(all.size() * sizeof(float));
    if (!memory.ok()) return memory.status();
    const auto [data, filled] = memory.value();
    if (!filled) backend_.upload(data, all.data(), all.size() * sizeof(float));
    w.bias = static_cast<const float*>(data);
    return {};
  }

  const ModelSpec& spec_;
  const WeightSource& source_;
  Backend& backend_;
  LoadedWeights& to_;
  std::vector<std::byte> bytes_, converted_;
  ThreadPool threads_;
  std::vector<std::vector<float>> floats_;  // [threads]
  std::vector<Placement> placements_;       // of the entries; a vector's says nothing
  size_t next_piece_ = 0;                   // of the cache
  std::byte* at_ = nullptr;                 // what is left of the weights' memory
  size_t left_ = 0;
};

Result<std::unique_ptr<LoadedWeights>> LoadedWeights::load(const ModelSpec& spec, const WeightSource& source,
                                                           Backend& backend,
                                                           const std::function<void(double)>& progress,
                                                           const WeightCache* cache) {
  std::unique_ptr<LoadedWeights> weights(new LoadedWeights(backend));
  if (Status s = Loading(spec, source, backend, *weights).run(progress, cache); !s.ok()) return s;
  return weights;
}

Status LoadedWeights::settle(const WeightCache& cache, const std::atomic<bool>& stop) {
  if (cached_) return cached_->move_to_memory(stop), Status{};
  return key_.empty() ? Status{} : cache.keep(key_, pieces_, stop);
}

LoadedWeights::~LoadedWeights() { backend_.release(memory_); }

}  // namespace quire
