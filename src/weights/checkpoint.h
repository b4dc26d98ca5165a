// A model's files: a config and named tensors, mapped into memory, read-only. Safetensors folders implement
// it; GGUF will. Everything is checked when it is opened; after that any thread may read.
#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/status.h"

namespace quire {

struct StoredTensor {
  std::string_view type;  // as the file spells it: "BF16", "I32", "Q4_K"
  std::span<const int64_t> shape;
  std::span<const std::byte> bytes;  // at no particular alignment
};

class Checkpoint {
 public:
  virtual ~Checkpoint() = default;
  // Valid while the checkpoint lives.
  virtual std::optional<StoredTensor> find(std::string_view name) const = 0;
  // All names, sorted.
  virtual std::vector<std::string_view> names() const = 0;
  // config.json, in Hugging Face's words, whatever the file.
  virtual const Json& config() const = 0;
  // The path that messages begin with.
  virtual const std::string& path() const = 0;
  // The tensor's bytes have been read for the last time: its pages may go.
  virtual void drop(std::string_view name) const = 0;

  // Opens a model folder: config.json, and model.safetensors or model.safetensors.index.json with the shards
  // it names. Errors name the file and the place.
  static Result<std::unique_ptr<Checkpoint>> open(const std::string& folder);
  // The same without tensors: find() finds nothing. For --load-format dummy, which needs only config.json.
  static Result<std::unique_ptr<Checkpoint>> open_config(const std::string& folder);
};

}  // namespace quire
