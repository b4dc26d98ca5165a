// The functions between the two halves of an mlp.
#pragma once
#include <cmath>

#include "backend/params.h"
#include "base/status.h"

namespace quire::ref {

inline double activate(Act act, double x) {
  switch (act) {
    case Act::kSilu:
      return x / (1.0 + std::exp(-x));
    case Act::kGelu:
      return 0.5 * x * (1.0 + std::erf(x / std::sqrt(2.0)));
    case Act::kGeluTanh: {
      const double pi = 3.14159265358979323846;
      return 0.5 * x * (1.0 + std::tanh(std::sqrt(2.0 / pi) * (x + 0.044715 * x * x * x)));
    }
    case Act::kRelu2:
      return x > 0 ? x * x : x * 0.0;  // NaN stays NaN
  }
  QUIRE_CHECK(false && "unknown activation");
}

}  // namespace quire::ref
