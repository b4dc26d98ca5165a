#include "weights/vector.h"

#include <string>

#include "weights/finite.h"
#include "weights/floats.h"
#include "weights/shape_text.h"

namespace quire {

Result<std::vector<float>> read_vector(const Checkpoint& checkpoint, std::string_view name, int32_t length) {
  const auto refuse = [&](Code code, const std::string& what) {
    return Status(code, checkpoint.where(name) + " " + what);
  };
  const auto t = checkpoint.find(name);
  if (!t) return refuse(Code::kNotFound, "is missing.");
  const auto elem = float_elem(t->type);
  if (!elem)
    return refuse(Code::kUnsupported, "has type " + std::string(t->type) + "; F32, F16 or BF16 is needed.");
  if (t->shape.size() != 1 || t->shape[0] != length)
    return refuse(Code::kInvalidArgument,
                  "has shape " + shape_text(t->shape) + "; [" + std::to_string(length) + "] is needed.");
  if (const auto bad = find_non_finite(*elem, t->bytes))
    return refuse(Code::kInvalidArgument, "is NaN or infinite at [" + std::to_string(*bad) +
                                              "]; the file is damaged: fetch it again.");
  std::vector<float> v(static_cast<size_t>(length));
  floats_from(*elem, t->bytes.data(), v);
  return v;
}

}  // namespace quire
