// The first half of a gated mlp: out = act(gate x) * (up x).
#include <vector>

#include "backends/ref/activation.h"
#include "backends/ref/ref_backend.h"
#include "backends/ref/rows.h"

namespace quire::ref {

void RefBackend::mlp_in(Mat out, Mat x, const Weight& gate_up, const Mlp& m) {
  QUIRE_CHECK(out.dtype == DType::kF32 && x.dtype == DType::kF32);
  QUIRE_CHECK(out.rows == x.rows && out.cols == m.width && gate_up.out == 2 * m.width &&
              x.cols == gate_up.in);
  std::vector<float> gate(static_cast<size_t>(gate_up.in)), up(static_cast<size_t>(gate_up.in)), room;
  x = inputs(x, room);
  for (int32_t o = 0; o < m.width; ++o) {
    read_row(gate_up, 0, o, gate.data());
    read_row(gate_up, 0, m.width + o, up.data());
    for (int32_t i = 0; i < x.rows; ++i) {
      const double g = dot(x.f32(i), gate.data(), x.cols) + bias_of(gate_up, 0, o);
      const double u = dot(x.f32(i), up.data(), x.cols) + bias_of(gate_up, 0, m.width + o);
      out.f32(i)[o] = static_cast<float>(activate(m.act, g) * u);
    }
  }
}

}  // namespace quire::ref
