#include "text/lossy_utf8.h"

#include "base/utf8.h"

namespace quire {
namespace {

constexpr std::string_view kReplacement = "\xef\xbf\xbd";

// All of `s` is the beginning of a character.
bool may_become_one(std::string_view s) {
  const auto c = static_cast<unsigned char>(s[0]);
  return c >= 0xc2 && c <= 0xf4 && utf8_length(s) == 0 && utf8_bad_length(s) == s.size();
}

}  // namespace

void LossyUtf8::add(std::string_view bytes, std::string& to) {
  std::string joined;
  if (!waiting_.empty()) {
    joined = std::move(waiting_);
    waiting_.clear();
    joined += bytes;
    bytes = joined;
  }
  for (size_t i = 0; i < bytes.size();) {
    const std::string_view rest = bytes.substr(i);
    if (const size_t n = utf8_length(rest)) {
      to += rest.substr(0, n);
      i += n;
    } else if (may_become_one(rest)) {
      waiting_ = rest;
      return;
    } else {
      to += kReplacement;
      i += utf8_bad_length(rest);
    }
  }
}

void LossyUtf8::finish(std::string& to) {
  if (!waiting_.empty()) to += kReplacement;  // one maximal part
  waiting_.clear();
}

}  // namespace quire
