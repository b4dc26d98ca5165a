// Looks for stop strings in the text of one answer, token by token, and holds back what could be the
// beginning of one, so that a stream never shows a part of it. Used by one thread at a time.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace quire {

class StopStrings {
 public:
  // `stops` are UTF-8 and not empty (the edge checks it). `include` keeps the stop string in the text, and
  // then nothing is held back. As in vLLM, a stop string counts only when the text of a token after the
  // first `min_tokens` completes it; it may begin before.
  StopStrings(const std::vector<std::string>& stops, bool include, int32_t min_tokens = 0);

  // Call it once for each token, with the text that this token gave (whole characters; often none).
  // Appends to `to` what may be shown now. Returns the index of the stop string that this text completes:
  // of all completions the one that ends first, of several that end together the first in the list. Then
  // the answer is over at this token, and all text that was given ends where it must.
  std::optional<int32_t> add(std::string_view piece, std::string& to);

  // The answer ends for another reason; `piece` is what the detokenizer still held. Searched like add(), as
  // text of the last token; without a stop, all that was held back is appended.
  std::optional<int32_t> finish(std::string_view piece, std::string& to);

 private:
  struct Stop {
    std::string text;
    std::vector<int32_t> shorter;  // for each length: the longest shorter prefix that is also its suffix
    int32_t matched = 0;           // length of the longest prefix that the text so far ends with
  };

  std::optional<int32_t> search(std::string_view piece, bool may_stop, std::string& to);

  std::vector<Stop> stops_;
  bool include_;
  int64_t min_tokens_, tokens_ = 0;
  std::string held_;  // given by a token, not shown yet: the beginning of a stop string
};

}  // namespace quire
