// What workbenches share: the clock and medians.
#pragma once
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstring>
#include <memory>
#include <vector>

#include "backend/backend.h"
#include "base/thread_pool.h"

namespace quire::bench {

inline double seconds() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

// The median of `times` calls, in seconds, after one that is not counted.
template <class F>
double median_seconds(int times, F f) {
  f(0);
  std::vector<double> t;
  for (int i = 1; i <= times; ++i) {
    const double begin = seconds();
    f(i);
    t.push_back(seconds() - begin);
  }
  std::sort(t.begin(), t.end());
  return t[t.size() / 2];
}

}  // namespace quire::bench
