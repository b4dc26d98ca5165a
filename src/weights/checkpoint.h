// A model's files: a config and named tensors, mapped into memory, read-only. Safetensors folders implement
// it; GGUF will. All structure is checked when it is opened (weights/safetensors.h lists what), the values of
// weights where they are read (format.h, vector.h); after that any thread may read.
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
  // What messages about a tensor begin with: its file and its name.
  virtual std::string where(std::string_view name) const { return path() + ": " + std::string(name); }
  // One line for each file of tensors (mapped_file.h): another text, perhaps other weights.
  virtual std::string identity() const = 0;
  // The tensor's bytes have been read for the last time: its pages may go.
  virtual void drop(std::string_view name) const = 0;

  // Opens a model folder: config.json (an object of at most 16 MiB), and model.safetensors or, without that,
  // model.safetensors.index.json with the shards that it names: plain names of files in the folder (which may
  // be links), each holding the tensors that the index places there. Tensors that the index does not name are
  // not part of the model. Errors name the file and the place. No code from the folder is ever run, and no
  // .bin or .pt file read. The files must not be written while they are open (mapped_file.h says why).
  static Result<std::unique_ptr<Checkpoint>> open(const std::string& folder);
  // The same without tensors: find() finds nothing. For --load-format dummy, which needs only config.json.
  static Result<std::unique_ptr<Checkpoint>> open_config(const std::string& folder);
};

}  // namespace quire
