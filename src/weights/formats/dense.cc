// Plain matrices: `<prefix>.weight`, [out, in], F32, F16 or BF16, as the file has them.
#include <cstring>
#include <limits>

#include "weights/finite.h"
#include "weights/floats.h"
#include "weights/format.h"
#include "weights/shape_text.h"

namespace quire {
namespace {

std::string weight(std::string_view prefix) { return std::string(prefix) + ".weight"; }

bool detect(const Checkpoint& c, std::string_view prefix) {
  const auto t = c.find(weight(prefix));
  if (!t || !float_elem(t->type)) return false;
  // Floats with scales beside them are some quantized format's, and their product is what counts.
  for (const char* scales : {".weight_scale", ".weight_scale_inv", ".qweight"})
    if (c.find(std::string(prefix) + scales)) return false;
  return true;
}

Result<StoredMatrix> describe(const Checkpoint& c, std::string_view prefix) {
  const std::string name = weight(prefix);
  const auto t = c.find(name);
  QUIRE_CHECK(t && float_elem(t->type));  // detect() said so
  constexpr int64_t kMost = std::numeric_limits<int32_t>::max();
  if (t->shape.size() != 2 || t->shape[0] < 1 || t->shape[0] > kMost || t->shape[1] < 1 ||
      t->shape[1] > kMost)
    return Status(Code::kInvalidArgument, c.where(name) + " has shape " + shape_text(t->shape) +
                                              "; a matrix [out, in] is needed, each from 1 to " +
                                              std::to_string(kMost) + ".");
  return StoredMatrix{.layout = {.elem = *float_elem(t->type)},
                      .out = static_cast<int32_t>(t->shape[0]),
                      .in = static_cast<int32_t>(t->shape[1])};
}

// A part is no larger than the file, whose size was checked to fit.
size_t bytes(const StoredMatrix& m, Range out, Range in) {
  return static_cast<size_t>(out.size()) * static_cast<size_t>(in.size()) * float_bytes(m.layout.elem);
}

Status repack(const Checkpoint& c, std::string_view prefix, Range out, Range in, std::span<std::byte> to) {
  const auto m = describe(c, prefix);
  if (!m.ok()) return m.status();
  const StoredMatrix& s = m.value();
  QUIRE_CHECK(0 <= out.begin && out.begin <= out.end && out.end <= s.out);
  QUIRE_CHECK(0 <= in.begin && in.begin <= in.end && in.end <= s.in);
  QUIRE_CHECK(to.size() == bytes(s, out, in));
  const std::string name = weight(prefix);
  const size_t value = float_bytes(s.layout.elem), stride = static_cast<size_t>(s.in) * value;
  const size_t skipped = static_cast<size_t>(in.begin) * value, row = static_cast<size_t>(in.size()) * value;
  const std::byte* from = c.find(name)->bytes.data();
  for (int32_t o = out.begin; o < out.end && row > 0; ++o, to = to.subspan(row)) {
    std::memcpy(to.data(), from + static_cast<size_t>(o) * stride + skipped, row);
    if (const auto bad = find_non_finite(s.layout.elem, to.first(row)))
      return {Code::kInvalidArgument, c.where(name) + " is NaN or infinite at [" + std::to_string(o) + ", " +
                                          std::to_string(in.begin + *bad) +
                                          "]; the file is damaged: fetch it again."};
  }
  return {};
}

void decode_row(const Weight& w, int32_t row, std::span<float> out) {
  QUIRE_CHECK(w.layout.order == Order::kRows && out.size() == static_cast<size_t>(w.in));
  const size_t stride = static_cast<size_t>(w.in) * float_bytes(w.layout.elem);
  floats_from(w.layout.elem, static_cast<const std::byte*>(w.data) + static_cast<size_t>(row) * stride, out);
}

}  // namespace

extern const WeightFormat kDense;
const WeightFormat kDense{"dense", detect, describe, bytes, repack, decode_row};

}  // namespace quire
