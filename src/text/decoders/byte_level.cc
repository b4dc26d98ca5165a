// ByteLevel: the spellings' characters are bytes in GPT-2's alphabet; the bytes of all tokens together are
// the text, bad UTF-8 in them U+FFFD.
#include "text/byte_alphabet.h"
#include "text/decoders/decoders.h"
#include "text/lossy_utf8.h"
#include "text/read_stage.h"

namespace quire {

Result<Decoder> read_byte_level_decoder(const Json& json, const std::string& where) {
  if (Status s = only_members(json, where, {"add_prefix_space", "trim_offsets", "use_regex"}); !s.ok())
    return s;
  return Decoder([] {
    return DecodeStep([lossy = LossyUtf8(), bytes = std::string()](std::optional<std::string_view> spelling,
                                                                   std::string& to) mutable {
      if (!spelling) return lossy.finish(to);
      bytes.clear();
      append_bytes_of(*spelling, bytes);
      lossy.add(bytes, to);
    });
  });
}

}  // namespace quire
