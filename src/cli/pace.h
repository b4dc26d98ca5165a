// How fast tokens come: prompt tokens until every request has begun to answer, answer tokens from then on.
#pragma once
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <optional>
#include <string>

namespace quire {

// A rate or a time as people read it; "-" where there is none.
inline std::string shown_rate(std::optional<double> rate) {
  if (!rate) return "-";
  char text[40];
  std::snprintf(text, sizeof text, "%.1f", *rate);
  return text;
}
inline std::string shown_seconds(double seconds) {
  char text[40];
  std::snprintf(text, sizeof text, "%.3f s", seconds);
  return text;
}

class Pace {
 public:
  using Clock = std::chrono::steady_clock;

  void start() { start_ = Clock::now(); }
  // After every step: how many answers have begun, and how many tokens there are, in all.
  void note(uint64_t begun, uint64_t tokens) {
    if (tokens == tokens_) return;
    const Clock::time_point now = Clock::now();
    if (tokens_ == 0) first_ = now;
    if (begun != begun_) all_begun_ = now, tokens_before_ = tokens;
    last_ = now, begun_ = begun, tokens_ = tokens;
  }

  uint64_t tokens() const { return tokens_; }
  double seconds() const { return between(start_, last_); }  // to the last token
  double first_token_seconds() const { return between(start_, first_); }
  // Prompt tokens over the time until the last answer has begun; none: no answer has.
  std::optional<double> prefill_rate(uint64_t prompt_tokens) const {
    return rate(tokens_ > 0 ? prompt_tokens : 0, between(start_, all_begun_));
  }
  // Tokens over the time after that; none: there were none.
  std::optional<double> decode_rate() const {
    return rate(tokens_ - tokens_before_, between(all_begun_, last_));
  }

 private:
  static double between(Clock::time_point a, Clock::time_point b) {
    return std::chrono::duration<double>(b - a).count();
  }
  static std::optional<double> rate(uint64_t count, double seconds) {
    if (count == 0) return std::nullopt;
    return static_cast<double>(count) / std::max(seconds, 1e-9);
  }

  Clock::time_point start_{}, first_{}, all_begun_{}, last_{};
  uint64_t begun_ = 0, tokens_ = 0, tokens_before_ = 0;
};

}  // namespace quire
