// Strip: up to so many of one character go from the beginning and from the end of each token.
#include <algorithm>

#include "base/fields.h"
#include "text/character.h"
#include "text/decoders/decoders.h"
#include "text/read_stage.h"

namespace quire {
namespace {

struct Strip {
  std::string content;  // one character
  size_t start = 0, stop = 0;
  size_t left = 0;  // that may still go from the beginning
  size_t held = 0;  // at the end of a token so far, which may be its end

  void take(const TokenPart& part, TokenPartSink to) {
    std::string_view text = part.text;
    if (part.begins) {
      left = start;
      held = 0;
    }
    while (left > 0 && text.starts_with(content)) text.remove_prefix(content.size()), --left;
    if (!text.empty()) left = 0;
    if (stop == 0) return to({text, part.begins, part.ends});
    size_t keep = text.size(), at_end = 0;
    while (at_end < stop && text.substr(0, keep).ends_with(content)) keep -= content.size(), ++at_end;
    const size_t all = held + at_end;
    const size_t stay = keep > 0 ? held : all - std::min(all, stop);  // of those that were held
    held = keep > 0 ? at_end : all - stay;
    std::string certain;
    for (size_t n = 0; n < stay; ++n) certain += content;
    certain += text.substr(0, keep);
    to({certain, part.begins, part.ends});
  }
};

}  // namespace

Result<DecodeStageMaker> read_strip_decoder(const Json& json, const std::string& where) {
  if (Status s = only_members(json, where, {"content", "start", "stop"}); !s.ok()) return s;
  Status problem;
  Fields fields(json, where, problem);
  Strip strip;
  const auto content = read_character(json.find("content"));
  if (!content) fields.fail("content", "must be one character.");
  else append_character(*content, strip.content);
  strip.start = static_cast<size_t>(fields.integer("start", 0, INT32_MAX, 0));
  strip.stop = static_cast<size_t>(fields.integer("stop", 0, INT32_MAX, 0));
  if (!problem.ok()) return problem;
  return DecodeStageMaker([strip] {
    return DecodeStage([strip](const TokenPart* part, TokenPartSink to) mutable {
      if (part) strip.take(*part, to);
    });
  });
}

}  // namespace quire
