// WordPiece: a token with the prefix continues the word before, any other stands after a space; "cleanup"
// then closes up punctuation and English contractions.
#include "base/fields.h"
#include "text/decoders/decoders.h"
#include "text/read_stage.h"

namespace quire {
namespace {

// In this order, each everywhere. Source: huggingface/transformers, clean_up_tokenization.
constexpr std::pair<std::string_view, std::string_view> kCleanup[] = {
    {" .", "."},   {" ?", "?"},           {" !", "!"},   {" ,", ","},     {" ' ", "'"},    {" n't", "n't"},
    {" 'm", "'m"}, {" do not", " don't"}, {" 's", "'s"}, {" 've", "'ve"}, {" 're", "'re"},
};

void clean_up(std::string& text) {
  for (const auto& [from, by] : kCleanup) {
    std::string s;
    size_t at = 0;
    for (size_t found; (found = text.find(from, at)) != std::string::npos; at = found + from.size())
      s.append(text, at, found - at), s += by;
    if (at > 0) text = s.append(text, at);
  }
}

}  // namespace

Result<DecodeStageMaker> read_wordpiece_decoder(const Json& json, const std::string& where) {
  if (Status s = only_members(json, where, {"prefix", "cleanup"}); !s.ok()) return s;
  Status problem;
  Fields fields(json, where, problem);
  const std::string prefix(fields.text("prefix", "##"));
  const bool cleanup = fields.flag("cleanup", true);
  if (!problem.ok()) return problem;
  return DecodeStageMaker([=] {
    return on_whole_tokens([=, first = true](const std::string* token, TokenPartSink to) mutable {
      if (!token) return;
      std::string text = *token;
      if (!std::exchange(first, false)) {
        if (text.starts_with(prefix)) text.erase(0, prefix.size());
        else text.insert(0, 1, ' ');
      }
      if (cleanup) clean_up(text);
      to({text});
    });
  });
}

}  // namespace quire
