// Placing q, k and v, and attention over pages, on the shape of a 1B model: one long context, many streams, a
// prompt. Pages lie in a shuffled order, and caches come from memory (those of several layers take turns).
#include <numeric>
#include <random>

#include "bench/op/workbench.h"

namespace quire::bench {
namespace {

constexpr int32_t kBlock = 16;

struct Case {
  const char* name;
  int32_t rows, count, context;  // each row computes `count` positions, the last of which sees `context` keys
  bool compare;                  // with the reference, which is slow
};
constexpr Case kCases[] = {
    {"1 row, context 8192", 1, 1, 8192, true},   {"1 row, context 1024", 1, 1, 1024, true},
    {"8 rows, context 8192", 8, 1, 8192, false}, {"32 rows, context 1024", 32, 1, 1024, false},
    {"prompt of 512", 1, 512, 512, true},        {"512 more of a prompt of 8192", 1, 512, 8192, false},
};

Attention shape() {
  Attention a;
  a.heads = 32, a.kv_heads = 8, a.head_dim = 64;
  a.scale = 0.125f;
  a.rope.dim = 64;
  for (int32_t i = 0; i < 32; ++i)
    a.rope.inv_freq[static_cast<size_t>(i)] = std::pow(10000.0f, -static_cast<float>(i) / 32.0f);
  return a;
}

class Caches {  // of `layers` layers, filled by place_qkv itself
 public:
  Caches(Backend& b, const Case& c, const Attention& a, int32_t most)
      : b_(b), case_(c), attention_(a), in_row_(c.context / kBlock) {
    KvView view;
    view.dtype = b.cache();
    view.block_size = kBlock;
    view.spec = {a.kv_heads, a.head_dim, a.head_dim};
    view.block_stride = static_cast<int64_t>(b.kv_block_bytes(view.spec, kBlock, view.dtype));
    const int32_t blocks = c.rows * in_row_ + 1;
    const size_t bytes = static_cast<size_t>(blocks) * static_cast<size_t>(view.block_stride);
    layers_.assign(std::clamp<size_t>(kBytes / bytes, 1, static_cast<size_t>(most)), view);
    std::vector<int32_t> table(static_cast<size_t>(blocks - 1));
    std::iota(table.begin(), table.end(), 1);
    std::shuffle(table.begin(), table.end(), std::mt19937(7));
    tables_.block_table[0] = Workbench::ints(b, table);
    tables_.blocks_per_slot = in_row_;
    std::vector<int32_t> slots(static_cast<size_t>(c.rows));
    std::iota(slots.begin(), slots.end(), 0);
    tables_.slot = Workbench::ints(b, slots);
    length_ = Workbench::ints(b, std::vector<int32_t>(static_cast<size_t>(c.rows)));
    tables_.length = length_;
    for (KvView& layer : layers_) layer.data = Workbench::allocate(b, bytes);
    const int32_t cols = (a.heads + 2 * a.kv_heads) * a.head_dim, chunk = std::min(512, c.context);
    Mat qkv = Workbench::mat(b, c.rows * chunk, cols);
    for (int32_t begin = 0; begin + chunk <= c.context; begin += chunk) {
      step(begin, chunk);
      for (size_t i = 0; i < layers_.size(); ++i) {
        b.upload(qkv.data, input(c.rows * chunk, cols).data(),
                 static_cast<size_t>(qkv.rows) * static_cast<size_t>(cols) * sizeof(float));
        b.place_qkv(qkv, layers_[i], tables_, a, {}, {});
      }
    }
    b.release(qkv.data);
    step(c.context - c.count, c.count);
  }

  // The rows compute positions [begin, begin + count).
  void step(int32_t begin, int32_t count) {
    std::fill_n(length_.data, length_.size, begin);
    std::vector<int32_t> begins, row_of;
    for (int32_t r = 0; r <= case_.rows; ++r) begins.push_back(r * count);
    for (int32_t r = 0; r < case_.rows; ++r) row_of.insert(row_of.end(), static_cast<size_t>(count), r);
    tables_.row_begin = Workbench::ints(b_, begins);
    tables_.row_of = Workbench::ints(b_, row_of);
  }
  const std::vector<float>& input(int32_t rows, int32_t cols) {
    const size_t count = static_cast<size_t>(rows) * static_cast<size_t>(cols);
    if (input_.size() != count) input_ = values(count, 2.0f);
    return input_;
  }
  const StepTables& tables() const { return tables_; }
  const KvView& layer(int i) const { return layers_[static_cast<size_t>(i) % layers_.size()]; }

 private:
  Backend& b_;
  const Case& case_;
  const Attention& attention_;
  int32_t in_row_;
  std::vector<KvView> layers_;
  StepTables tables_;
  MutIntSpan length_;
  std::vector<float> input_;
};

void measure(Workbench& bench, const Case& c) {
  const Attention a = shape();
  Caches cpu(bench.cpu(), c, a, 1 << 20);
  const int32_t rows = c.rows * c.count, q_cols = a.heads * a.head_dim, cols = q_cols + 2 * 8 * a.head_dim;
  const std::vector<float> q_values = values(static_cast<size_t>(rows) * static_cast<size_t>(q_cols), 2, 99);
  const Mat q = Workbench::mat(bench.cpu(), rows, q_cols, q_values),
            out = Workbench::mat(bench.cpu(), rows, q_cols);
  const double t =
      median_seconds(15, [&](int i) { bench.cpu().attend(out, q, cpu.layer(i), cpu.tables(), a); });
  double error = 0;
  if (c.compare) {
    Caches ref(bench.ref(), c, a, 1);
    const Mat want = Workbench::mat(bench.ref(), rows, q_cols);
    const Mat ref_q = Workbench::mat(bench.ref(), rows, q_cols, q_values);
    bench.ref().attend(want, ref_q, ref.layer(0), ref.tables(), a);
    error = worst_difference(out, want);
  }
  // Keys and values of a row once, scores and weighted values of each query.
  const double context = c.context, count = c.count, kv = 2.0 * a.kv_heads * a.head_dim;
  Work work;
  work.bytes = c.rows * context * kv * 2;
  work.operations = 4.0 * q_cols * c.rows * count * (context - (count - 1) / 2);
  // Of bf16 keys, and where inputs are rounded of queries and weights, that rounded the other way.
  bench.report(c.name, t, work, error, bench.rounds_inputs() ? 1e-2 : 1e-3);

  Mat qkv =
      Workbench::mat(bench.cpu(), rows, cols, values(static_cast<size_t>(rows) * static_cast<size_t>(cols)));
  const double placed =
      median_seconds(15, [&](int i) { bench.cpu().place_qkv(qkv, cpu.layer(i), cpu.tables(), a, {}, {}); });
  work.bytes = rows * (q_cols * 8.0 + kv * 4 + kv * 2);  // q read and written; k and v read, and written
  work.operations = 0;
  bench.report(std::string(c.name) + ": place", placed, work);
}

}  // namespace
}  // namespace quire::bench

int main(int argc, char** argv) {
  quire::bench::Workbench bench(argc, argv);
  for (const quire::bench::Case& c : quire::bench::kCases) quire::bench::measure(bench, c);
  return bench.result();
}
