// ByteLevel: the spellings' characters are bytes in GPT-2's alphabet; the bytes of all tokens together are
// the text, bad UTF-8 in them U+FFFD. One token comes out.
#include "text/byte_alphabet.h"
#include "text/decoders/decoders.h"
#include "text/lossy_utf8.h"
#include "text/read_stage.h"

namespace quire {

Result<DecodeStageMaker> read_byte_level_decoder(const Json& json, const std::string& where) {
  if (Status s = only_members(json, where, {"add_prefix_space", "trim_offsets", "use_regex"}); !s.ok())
    return s;
  return DecodeStageMaker([] {
    return on_whole_tokens([lossy = LossyUtf8(), bytes = std::string(), text = std::string(), begins = true](
                               const std::string* token, TokenPartSink to) mutable {
      bytes.clear();
      text.clear();
      if (token) {
        append_bytes_of(*token, bytes);
        lossy.add(bytes, text);
      } else {
        lossy.finish(text);
      }
      to({text, std::exchange(begins, false), token == nullptr});
    });
  });
}

}  // namespace quire
