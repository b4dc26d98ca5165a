// Bytes that come in parts become text: whole characters pass, each maximal bad part becomes one U+FFFD
// (Unicode 15, section 3.9), and the beginning of a character waits for its rest.
#pragma once
#include <string>
#include <string_view>

namespace quire {

class LossyUtf8 {
 public:
  // Appends to `to` what is certain now.
  void add(std::string_view bytes, std::string& to);
  // The end: a beginning that still waits is bad.
  void finish(std::string& to);

 private:
  std::string waiting_;  // at most 3 bytes between two calls
};

}  // namespace quire
