// Every weight of a model as a list: which matrices there are, how large, and of which named parts of a
// checkpoint each is put together. Counting parameters, planning memory, filling with random values and
// loading all walk this list.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "models/decoder.h"
#include "models/spec.h"
#include "weights/checkpoint.h"

namespace quire {

struct Part {             // consecutive rows of a matrix that a checkpoint keeps under one name
  std::string_view ours;  // "layers.{}.q"
  int32_t layer = -1;
  int32_t expert = -1;  // also which matrix of the stack; -1: the only one
  int32_t first = 0, rows = 0;
};

struct Entry {
  Weight* to = nullptr;
  int32_t out = 0, in = 0, count = 1;
  bool vector = false;    // a norm's weights: f32, one row
  bool bias = false;      // each part has a bias too
  bool plus_one = false;  // vector only: 0 is neutral, not 1
  std::vector<Part> parts{};
  int64_t elements() const;  // biases included
};

// In the order of the forward pass. `weights` gets its blocks; the entries point into it. A tied head has no
// entry.
std::vector<Entry> inventory(const ModelSpec& spec, ModelWeights& weights);

// What a checkpoint may call the tensor: the family's spellings, or the common one if it has none; without
// ".weight".
std::vector<std::string> spellings(const ModelSpec& spec, const Part& part);

// The spelling that the checkpoint has; none: an error with the first and what was looked for.
Result<std::string> find_name(const ModelSpec& spec, const Part& part, const Checkpoint& checkpoint);

}  // namespace quire
