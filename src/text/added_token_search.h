// Finds added tokens in a text: at each place the longest, from the left, none overlapping; then what their
// flags ask for (whole words only, white space taken along), as Hugging Face's reader does it.
#pragma once
#include <array>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "base/function_ref.h"
#include "base/status.h"
#include "text/added_tokens.h"
#include "text/pattern.h"

namespace quire {

class AddedTokenSearch {
 public:
  // Called with each added token found (and no text), and with each stretch of text before, between, after.
  using Sink = function_ref<Status(std::optional<Token> token, std::string_view text)>;

  // Looks for those of `tokens`, which outlive it, whose `normalized` is as given.
  static Result<AddedTokenSearch> make(const AddedTokens& tokens, bool normalized);

  // `plain` is empty or has a byte for each of `text`: no special token takes one that is not 0. Refused if
  // looking takes many more steps than the text has bytes: added tokens that are long and nearly in it
  // everywhere.
  Status split(std::string_view text, std::string_view plain, Sink to) const;

 private:
  struct Range {
    uint32_t begin = 0, end = 0;  // of sorted_
  };

  // Null: none begins here. `steps` are added.
  const AddedToken* longest_at(std::string_view text, std::string_view plain, size_t at, size_t& steps) const;
  Result<bool> next_to_word(std::string_view text, size_t begin, size_t end) const;

  std::vector<const AddedToken*> sorted_;  // by pattern: those with a common beginning stand together
  std::array<Range, 256> by_first_byte_{};
  std::optional<Pattern> word_;  // a word character; there if a token asks for single words
};

}  // namespace quire
