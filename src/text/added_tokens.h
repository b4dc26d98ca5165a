// The tokens that a tokenizer.json adds to its model: they are found in the text before anything else is
// done with it. Their order in the file and the model's vocabulary fix their ids.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/ids.h"
#include "base/json.h"
#include "base/status.h"
#include "text/stages.h"
#include "text/vocabulary.h"

namespace quire {

struct AddedToken {
  std::string content;
  Token id = -1;
  bool special = false;      // not for text
  bool single_word = false;  // not where a word character stands next to it
  bool lstrip = false;       // takes the white space on its left with it
  bool rstrip = false;
  bool normalized = false;  // found in the normalized text, else in the text as it came
  std::string pattern;      // what is looked for and shown: `content`, normalized if so
  bool skipped = false;     // decoding leaves it out: what it shows is the content of a special token
};

class AddedTokens {
 public:
  // Refused: an empty or a very long content, one given twice, an id that Hugging Face's reader would not
  // give it.
  static Result<AddedTokens> read(const Json& json, const Vocabulary& model,
                                  const std::vector<Normalizer>& normalizers, const std::string& where);

  const std::vector<AddedToken>& all() const { return tokens_; }
  const AddedToken* find(Token id) const;
  std::optional<Token> id_of(std::string_view content) const;
  int32_t end() const { return end_; }  // one more than the largest id

 private:
  std::vector<AddedToken> tokens_;
  std::unordered_map<Token, size_t> by_id_;
  std::unordered_map<std::string, Token> by_content_;
  int32_t end_ = 0;
};

}  // namespace quire
