// What a person at a terminal sees meanwhile: one line on standard error that is drawn again and again.
#pragma once
#include <chrono>
#include <cstdint>
#include <string_view>

namespace quire {

class Progress {
 public:
  Progress();  // shows nothing unless standard error is a terminal
  ~Progress() { clear(); }

  // A bar, `fraction` in [0, 1] of it filled, or none if it is negative. Drawn a few times a second at most.
  void show(double fraction, std::string_view text);
  void clear();  // before anything else is written to the terminal
  bool on() const { return on_; }

 private:
  bool on_, drawn_ = false;
  std::chrono::steady_clock::time_point next_{};
};

}  // namespace quire
