// The header of one safetensors file: eight bytes of length, JSON that names the tensors, then their bytes.
// Source: the format's README and its reference reader (Rust, 0.8).
#pragma once
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "weights/checkpoint.h"
#include "weights/json_cursor.h"

namespace quire {

// Once parsed, it is true that
// - the header has at most 100,000,000 bytes, lies in the file, is UTF-8 and one JSON object that begins with
// {;
// - each entry but __metadata__ (strings only) has a known dtype, a shape of at most 8 dimensions and
//   data_offsets, and nothing else; no name is given twice; there are at most 1,000,000;
// - dtype and shape of each (product checked for overflow) need just the bytes between its offsets;
// - the tensors follow each other without holes or overlaps from the first byte after the header to the last
//   of the file.
// Any thread may read it.
class Safetensors {
 public:
  // `file`, the whole file, outlives the result. Errors begin with `path` and name the tensor and the place;
  // an unknown dtype is kUnsupported, all else kInvalidArgument. Takes well under a second and at most the
  // header's size in memory again, whatever the bytes.
  static Result<Safetensors> parse(std::span<const std::byte> file, const std::string& path);

  // Tensors in the order of their names.
  size_t size() const { return entries_.size(); }
  std::string_view name(size_t i) const { return entries_[i].name; }
  StoredTensor tensor(size_t i) const;
  std::optional<size_t> find(std::string_view name) const;  // its place in that order

 private:
  class Reader;
  struct Entry {
    std::string_view name;  // in the file, or, where it had escapes, in text_
    uint64_t begin = 0, end = 0;
    uint32_t dims = 0;  // the first in dims_
    uint8_t rank = 0, type = 0;
  };

  std::span<const std::byte> data_;  // what the offsets count in
  std::vector<Entry> entries_;
  std::vector<int64_t> dims_;
  std::optional<JsonCursor> text_;
};

}  // namespace quire
