// A whole model on a backend, without scheduler and runner: one request, fed in chunks.
#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "backend/backend.h"
#include "backend/device_array.h"
#include "models/decoder.h"
#include "models/loader.h"
#include "models/spec.h"

namespace quire {

class WholeModel {
 public:
  // Loads a model folder; a failure fails the test.
  WholeModel(const std::string& folder, std::string_view backend, const BackendOptions& options = {});

  const ModelSpec& spec() const { return spec_; }
  // Log-softmax after every token, [tokens, vocab], computed `chunk` tokens at a step with KV blocks of
  // `block_size` that lie in no order.
  std::vector<float> logprobs(const std::vector<int32_t>& tokens, int32_t chunk, int32_t block_size);

 private:
  template <class T>
  T* upload(const std::vector<T>& values);
  Mat mat(DType dtype, int32_t rows, int32_t cols);
  std::vector<KvView> make_cache(int32_t blocks, int32_t block_size);
  Scratch make_scratch(int32_t tokens);
  void step(const std::vector<int32_t>& tokens, int32_t begin, int32_t count,
            const std::vector<int32_t>& table, const std::vector<KvView>& kv, std::vector<float>& out);

  std::unique_ptr<Backend> backend_;
  ModelSpec spec_;
  std::unique_ptr<LoadedWeights> weights_;
  std::vector<DeviceArray<std::byte>> memory_;  // of one call
};

}  // namespace quire
