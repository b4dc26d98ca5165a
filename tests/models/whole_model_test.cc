// What whole_model.h declares; it tests nothing, but so named the build takes it into the test program.
#include "tests/models/whole_model.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "weights/checkpoint.h"

namespace quire {
namespace {

// In double: what is compared is the model, not this.
void append_log_softmax(const float* logits, int32_t vocab, std::vector<float>& to) {
  const float top = *std::max_element(logits, logits + vocab);
  double sum = 0;
  for (int32_t i = 0; i < vocab; ++i) sum += std::exp(static_cast<double>(logits[i]) - top);
  const double norm = top + std::log(sum);
  for (int32_t i = 0; i < vocab; ++i) to.push_back(static_cast<float>(logits[i] - norm));
}

}  // namespace

WholeModel::WholeModel(const std::string& folder, std::string_view backend, const BackendOptions& options) {
  BackendOptions chosen = options;
  if (backend.starts_with("cpu/")) chosen.cpu_isa = backend.substr(4), backend = "cpu";
  auto made = make_backend(backend, chosen);
  REQUIRE_MESSAGE(made.ok(), made.status().message());
  backend_ = std::move(made).value();
  auto checkpoint = Checkpoint::open(folder);
  REQUIRE_MESSAGE(checkpoint.ok(), checkpoint.status().message());
  auto spec = read_spec(checkpoint.value()->config(), folder + "/config.json");
  REQUIRE_MESSAGE(spec.ok(), spec.status().message());
  spec_ = std::move(spec).value();
  settle_head(spec_, *checkpoint.value());
  auto weights = LoadedWeights::load(spec_, {.checkpoint = checkpoint.value().get()}, *backend_, {});
  REQUIRE_MESSAGE(weights.ok(), weights.status().message());
  weights_ = std::move(weights).value();
}

template <class T>
T* WholeModel::upload(const std::vector<T>& values) {
  REQUIRE(memory_.emplace_back().reserve(*backend_, values.size() * sizeof(T)).ok());
  backend_->upload(memory_.back().data(), values.data(), values.size() * sizeof(T));
  return reinterpret_cast<T*>(memory_.back().data());
}

Mat WholeModel::mat(DType dtype, int32_t rows, int32_t cols) {
  const size_t bytes = static_cast<size_t>(rows) * static_cast<size_t>(cols) * dtype_size(dtype);
  REQUIRE(memory_.emplace_back().reserve(*backend_, std::max<size_t>(bytes, 1)).ok());
  return {memory_.back().data(), dtype, rows, cols, cols};
}

std::vector<KvView> WholeModel::make_cache(int32_t blocks, int32_t block_size) {
  std::vector<KvView> views;
  for (const Block& b : spec_.blocks) {
    const KvSpec kv{b.mix.kv_heads, b.mix.head_dim, b.mix.head_dim};
    const size_t bytes = backend_->kv_block_bytes(kv, block_size, backend_->cache());
    const std::vector<std::byte> nan(bytes * static_cast<size_t>(blocks), std::byte{0xff});
    views.push_back(
        {upload(nan), backend_->cache(), static_cast<int64_t>(bytes), block_size, b.cache_group, kv});
  }
  return views;
}

Scratch WholeModel::make_scratch(int32_t tokens) {
  int32_t qkv = 0, inner = 1, experts = 1, per_token = 1;
  for (const Block& b : spec_.blocks) {
    qkv = std::max(qkv, (b.mix.heads + 2 * b.mix.kv_heads) * b.mix.head_dim);
    if (auto* m = std::get_if<Mlp>(&b.mlp)) inner = std::max(inner, m->width);
    if (auto* e = std::get_if<Moe>(&b.mlp))
      experts = std::max(experts, e->experts), per_token = std::max(per_token, e->per_token);
  }
  const DType act = backend_->activation();
  Scratch s;
  s.x = mat(act, tokens, spec_.width);
  s.residual = mat(DType::kF32, tokens, spec_.width);
  s.qkv = mat(act, tokens, qkv);
  s.mixed = mat(DType::kF32, tokens, spec_.width);
  s.inner = mat(act, tokens, inner);
  s.hidden = mat(act, tokens, spec_.width);
  s.router = mat(DType::kF32, tokens, experts);
  s.expert_weights = mat(DType::kF32, tokens, per_token);
  const auto chosen = static_cast<size_t>(tokens) * static_cast<size_t>(per_token);
  s.experts = {upload(std::vector<int32_t>(chosen)), static_cast<int32_t>(chosen)};
  return s;
}

void WholeModel::step(const std::vector<int32_t>& tokens, int32_t begin, int32_t count,
                      const std::vector<int32_t>& table, const std::vector<KvView>& kv,
                      std::vector<float>& out) {
  auto ints = [&](const std::vector<int32_t>& v) {
    return IntSpan{upload(v), static_cast<int32_t>(v.size())};
  };
  std::vector<int32_t> all(static_cast<size_t>(count));
  std::iota(all.begin(), all.end(), 0);
  DeviceStep d;
  d.tables.row_begin = ints({0, count});
  d.tables.row_of = ints(std::vector<int32_t>(all.size(), 0));
  d.tables.slot = ints({0});
  d.tables.length = ints({begin});
  d.tables.block_table[0] = ints(table);
  d.tables.blocks_per_slot = static_cast<int32_t>(table.size());
  d.tokens = ints({tokens.begin() + begin, tokens.begin() + begin + count});
  d.last_token = ints({0});
  d.wanted_rows = ints(all);

  Scratch s = make_scratch(count);
  const Decoder decoder(*backend_, spec_, weights_->weights());
  std::vector<float> row(static_cast<size_t>(spec_.vocab));
  backend_->run({count, 1}, [&] {
    decoder.embed(d, s);
    decoder.forward(d, kv, s);
    for (int32_t at = 0; at < count; at += kHeadRows) {
      const int32_t rows = std::min(kHeadRows, count - at);
      const Mat logits = mat(DType::kF32, rows, spec_.vocab);
      decoder.head(logits, s.hidden.row_range(at, rows));
      for (int32_t i = 0; i < rows; ++i) {
        backend_->download(row.data(), logits.row_range(i, 1).data, row.size() * sizeof(float));
        append_log_softmax(row.data(), spec_.vocab, out);
      }
    }
  });
}

std::vector<float> WholeModel::logprobs(const std::vector<int32_t>& tokens, int32_t chunk,
                                        int32_t block_size) {
  memory_.clear();
  const auto size = static_cast<int32_t>(tokens.size());
  const int32_t blocks = (size + block_size - 1) / block_size;
  std::vector<int32_t> table;
  for (int32_t i = 0; i < blocks; ++i) table.push_back(i % 2 == 0 ? blocks - i / 2 : 1 + i / 2);
  const std::vector<KvView> kv = make_cache(blocks + 1, block_size);  // block 0 is nobody's
  std::vector<float> out;
  for (int32_t begin = 0; begin < size; begin += chunk)
    step(tokens, begin, std::min(chunk, size - begin), table, kv, out);
  return out;
}

}  // namespace quire
