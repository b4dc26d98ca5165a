// Rewrites a section of text from its beginning to its end, and keeps what is known of each byte's origin.
#pragma once
#include <string>
#include <string_view>

#include "text/stages.h"

namespace quire {

class Rewriter {
 public:
  explicit Rewriter(Section& section) : section_(section) {}

  std::string_view rest() const { return std::string_view(section_.text).substr(at_); }
  size_t at() const { return at_; }  // bytes of the section that are done

  // The next bytes stay, or become `by`, which is plain if one of them was. A text whose first character goes
  // without a substitute no longer begins the whole text.
  void keep(size_t bytes);
  void replace(size_t bytes, std::string_view by);
  // What is left stays. Nothing may follow.
  void finish();
  // Refused once the section is longer than it may be. Asked after each step that can make much of little.
  Status within_bounds() const;

 private:
  Section& section_;
  size_t at_ = 0;
  std::string text_, plain_;
};

}  // namespace quire
