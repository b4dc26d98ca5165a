// No decoder: the spellings, one space apart.
#include "text/decoders/decoders.h"

namespace quire {

Decoder spaced_decoder() {
  return [] {
    return DecodeStep([first = true](std::optional<std::string_view> spelling, std::string& to) mutable {
      if (!spelling) return;
      if (!std::exchange(first, false)) to += ' ';
      to += *spelling;
    });
  };
}

}  // namespace quire
