// Decoders that rewrite each token for itself: Replace, Metaspace, BPEDecoder.
#include "base/fields.h"
#include "text/decoders/decoders.h"
#include "text/metaspace.h"
#include "text/read_pattern.h"
#include "text/read_stage.h"

namespace quire {
namespace {

std::string replaced(std::string_view text, std::string_view from, std::string_view by) {
  std::string s;
  size_t at = 0;
  for (size_t found; !from.empty() && (found = text.find(from, at)) != std::string_view::npos;
       at = found + from.size())
    s += text.substr(at, found - at), s += by;
  return s += text.substr(at);
}

}  // namespace

Result<DecodeStageMaker> read_replace_decoder(const Json& json, const std::string& where) {
  if (Status s = only_members(json, where, {"pattern", "content"}); !s.ok()) return s;
  Status problem;
  const std::string content(Fields(json, where, problem).text("content", ""));
  if (!problem.ok()) return problem;
  auto matches = read_pattern(json.find("pattern"), where);
  if (!matches.ok()) return matches.status();
  return DecodeStageMaker([content, matches = std::move(matches).value()] {
    return on_whole_tokens([=](const std::string* token, TokenPartSink to) {
      if (!token) return;
      std::string s;
      size_t done = 0;
      const Status ran = token->empty() ? Status() : matches(*token, [&](size_t begin, size_t end) {
        s.append(*token, done, begin - done);
        s += content;
        done = end;
        return Status();
      });
      if (!ran.ok()) return to({*token});  // a pattern that runs for ever on it
      s.append(*token, done);
      to({s});
    });
  });
}

Result<DecodeStageMaker> read_metaspace_decoder(const Json& json, const std::string& where) {
  const auto read = Metaspace::read(json, where);
  if (!read.ok()) return read.status();
  return DecodeStageMaker([m = read.value()] {
    const bool drops = m.scheme != Metaspace::Scheme::kNever;
    return DecodeStage([=, first = true](const TokenPart* part, TokenPartSink to) mutable {
      if (!part) return;
      to({replaced(part->text, m.replacement, first && drops ? "" : " "), part->begins, part->ends});
      if (part->ends) first = false;
    });
  });
}

Result<DecodeStageMaker> read_bpe_decoder(const Json& json, const std::string& where) {
  if (Status s = only_members(json, where, {"suffix"}); !s.ok()) return s;
  Status problem;
  const std::string suffix(Fields(json, where, problem).text("suffix", "</w>"));
  if (!problem.ok()) return problem;
  return DecodeStageMaker([suffix] {
    // The last token's suffix is nothing, the others' a space: which it is shows at the next.
    return on_whole_tokens(
        [suffix, held = std::optional<std::string>()](const std::string* token, TokenPartSink to) mutable {
          if (held) to({replaced(*held, suffix, token ? " " : "")});
          held = token ? std::optional(*token) : std::nullopt;
        });
  });
}

}  // namespace quire
