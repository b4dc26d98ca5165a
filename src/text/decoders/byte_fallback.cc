// ByteFallback: a run of tokens <0x00> to <0xFF> is the text that their bytes spell, or if they spell none a
// U+FFFD for each. So the text of a run is certain only at its end.
#include "base/utf8.h"
#include "text/decoders/decoders.h"
#include "text/read_stage.h"

namespace quire {
namespace {

int hex(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

// -1: no byte's token. "+A" is a number to the reader of HF tokenizers too.
int byte_of(std::string_view token) {
  if (token.size() != 6 || !token.starts_with("<0x") || token[5] != '>') return -1;
  const int high = token[3] == '+' ? 0 : hex(token[3]), low = hex(token[4]);
  return high >= 0 && low >= 0 ? high * 16 + low : -1;
}

struct Run {
  std::string bytes = {};

  void take(const std::string* token, TokenPartSink to) {
    const int byte = token ? byte_of(*token) : -1;
    if (byte >= 0) {
      bytes += static_cast<char>(byte);
      return;
    }
    if (is_utf8(bytes)) {
      if (!bytes.empty()) to({bytes});
    } else {
      for (size_t i = 0; i < bytes.size(); ++i) to({"\xef\xbf\xbd"});
    }
    bytes.clear();
    if (token) to({*token});
  }
};

}  // namespace

Result<DecodeStageMaker> read_byte_fallback(const Json& json, const std::string& where) {
  if (Status s = only_members(json, where, {}); !s.ok()) return s;
  return DecodeStageMaker([] {
    return on_whole_tokens(
        [run = Run()](const std::string* token, TokenPartSink to) mutable { run.take(token, to); });
  });
}

}  // namespace quire
