// The door to a tokenizer: text to token ids and back. Immutable once made: any thread may use it.
#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "base/status.h"
#include "text/detokenizer.h"

namespace quire {

struct TextRange {
  size_t begin = 0, end = 0;  // bytes of a text; `end` is one past the last
};

struct EncodeOptions {
  bool add_special_tokens = true;  // as the file's post-processor says
  // Text of strangers, in order and disjoint: no special token is recognised that takes a byte of it, and
  // none is spelled with it. Added tokens that are not special (runs of spaces, markup) are found as
  // everywhere. Ranges beyond the text are cut off.
  std::span<const TextRange> plain = {};
};

class Tokenizer {
 public:
  static constexpr size_t kMostText = size_t{1} << 30;
  virtual ~Tokenizer() = default;

  // `text` is UTF-8 of at most kMostText bytes; else refused, as is a text on which the file's own pattern
  // would run for ever, or which its own stages multiply. Added tokens that stand in the text become their
  // ids. O(n log n) for a text of n bytes.
  virtual Result<std::vector<Token>> encode(std::string_view text, const EncodeOptions& = {}) const = 0;

  // The decoding of one answer, token by token. The tokenizer outlives it. An id without an entry gives
  // no text, nor do special tokens when they are skipped.
  virtual std::unique_ptr<Detokenizer> detokenizer(bool skip_special_tokens = true) const = 0;

  // The whole at once: what a detokenizer gives for it. Bytes that are no UTF-8 become U+FFFD, one for
  // each maximal bad part.
  std::string decode(std::span<const Token> tokens, bool skip_special_tokens = true) const;

  // The vocabulary's own spelling, added tokens' included; none: no such id. Lives as long as the tokenizer.
  virtual std::optional<std::string_view> spelling(Token token) const = 0;
  virtual std::optional<Token> id_of(std::string_view spelling) const = 0;
  virtual bool is_special(Token token) const = 0;
  virtual int32_t size() const = 0;  // one more than the largest id
};

// Reads tokenizer.json of a model folder, or if there is none tokenizer.model (SentencePiece). What it holds
// and we do not know is refused by name.
Result<std::unique_ptr<Tokenizer>> load_tokenizer(const std::string& folder);

// The same from the file's bytes; errors begin with `name`.
Result<std::unique_ptr<Tokenizer>> parse_tokenizer(std::string_view json, const std::string& name);
// From the bytes of a tokenizer.model, without a tokenizer_config.json.
Result<std::unique_ptr<Tokenizer>> parse_sentencepiece(std::string_view bytes, const std::string& name);

}  // namespace quire
