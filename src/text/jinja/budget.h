// What one rendering may use: steps, bytes of one text, bytes alive at once, depth of calls. Everything that
// grows or walks data charges here, so that no template runs or grows for ever.
#pragma once
#include <cstddef>
#include <cstdint>
#include <string>

#include "text/jinja/failure.h"

namespace quire::jinja {

struct Budget {
  int64_t steps = 5'000'000;
  size_t max_text = size_t{1} << 20;     // of any single text, the output included
  int64_t max_alive = int64_t{1} << 28;  // bytes of texts and lists at one time
  int32_t max_depth = 600;               // of nodes being evaluated
  int64_t used = 0, alive = 0;
  int32_t depth = 0;

  void charge(size_t n = 1) {
    used += static_cast<int64_t>(n);
    if (used > steps) fail("the template takes more than " + std::to_string(steps) + " steps");
  }
  void scan(size_t bytes) { charge(1 + bytes / 1024); }
  void check_text(size_t bytes) const {
    if (bytes > max_text)
      fail("the template makes a text of more than " + std::to_string(max_text) + " bytes");
  }
  void hold(size_t bytes) {
    alive += static_cast<int64_t>(bytes);
    if (alive > max_alive) {
      alive -= static_cast<int64_t>(bytes);
      fail("the template holds more than " + std::to_string(max_alive) + " bytes");
    }
  }
  void release(size_t bytes) { alive -= static_cast<int64_t>(bytes); }
};

// One level of evaluation, for as long as it lives.
class Level {
 public:
  explicit Level(Budget& budget) : budget_(budget) {
    if (budget.depth >= budget.max_depth)
      fail("the template calls itself too deeply (more than " + std::to_string(budget.max_depth) +
           " levels)");
    ++budget.depth;
  }
  ~Level() { --budget_.depth; }
  Level(const Level&) = delete;
  Level& operator=(const Level&) = delete;

 private:
  Budget& budget_;
};

}  // namespace quire::jinja
