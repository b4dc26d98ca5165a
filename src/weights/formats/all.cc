// The table of formats, and what to say about a matrix in none of them.
#include <algorithm>
#include <string>

#include "weights/format.h"

namespace quire {

extern const WeightFormat kDense;

namespace {

constexpr const WeightFormat* kFormats[] = {&kDense};

// Formats that we know by sight but do not read yet: a tensor beside or instead of `.weight`.
struct Sight {
  std::string_view suffix, format;
};
constexpr Sight kSights[] = {
    {"qweight", "GPTQ or AWQ"},
    {"weight_packed", "compressed-tensors"},
    {"weight_scale_inv", "FP8 with block scales"},
    {"weight_scale", "FP8 or INT8 with scales"},
    {"weight.absmax", "bitsandbytes NF4 or FP4"},
    {"SCB", "bitsandbytes INT8"},
    {"weight_blocks", "MXFP4"},
    {"scales", "MLX or another quantized format"},
};

}  // namespace

std::span<const WeightFormat* const> weight_formats() { return kFormats; }

Result<const WeightFormat*> find_format(const Checkpoint& c, std::string_view prefix) {
  for (const WeightFormat* f : kFormats)
    if (f->detect(c, prefix)) return f;

  const std::string begin = std::string(prefix) + ".";
  const std::vector<std::string_view> names = c.names();
  std::string found;
  std::string_view format;
  int listed = 0;
  for (auto it = std::ranges::lower_bound(names, begin); it != names.end() && it->starts_with(begin); ++it) {
    const std::string_view suffix = it->substr(begin.size());
    if (++listed <= 8)
      found += (found.empty() ? "" : ", ") + std::string(suffix.substr(0, 60)) + " (" +
               std::string(c.find(*it)->type) + ")";
    for (const Sight& s : kSights)
      if (format.empty() && s.suffix == suffix) format = s.format;
  }
  const std::string what = c.where(begin + "weight");
  if (listed == 0)
    return Status(Code::kNotFound, what + " is missing, and nothing else begins with " + begin);
  if (listed > 8) found += " and more";
  return Status(Code::kUnsupported, what + " is not a plain F32, F16 or BF16 matrix; " + begin + " has " +
                                        found +
                                        (format.empty() ? std::string(".")
                                                        : ": " + std::string(format) +
                                                              ", which is not supported yet; fetch the "
                                                              "unquantized model."));
}

}  // namespace quire
