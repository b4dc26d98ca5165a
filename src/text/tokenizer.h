// The door to a tokenizer: text to token ids and back. tokenizer.json files implement it (text/load.h).
// Immutable once made: any thread may use it.
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

namespace quire {

struct EncodeOptions {
  bool add_special_tokens = true;  // as the file's post-processor says
};

class Tokenizer {
 public:
  virtual ~Tokenizer() = default;

  // `text` is UTF-8; else refused. Linear in its length but for pathological merges.
  virtual Result<std::vector<Token>> encode(std::string_view text, const EncodeOptions& = {}) const = 0;

  // The bytes that a token stands for, appended to `to`; nothing for an id without an entry, nor for special
  // tokens when they are skipped. The bytes of one token may be part of a character: text/detokenizer.h puts
  // them together.
  virtual void append_bytes(Token token, bool skip_special, std::string& to) const = 0;

  // The whole: append_bytes() of all, bad UTF-8 made U+FFFD.
  virtual std::string decode(std::span<const Token> tokens, bool skip_special_tokens = true) const = 0;

  // The vocabulary's own spelling; none: no such id.
  virtual std::optional<std::string_view> spelling(Token token) const = 0;
  virtual std::optional<Token> id_of(std::string_view spelling) const = 0;
  virtual bool is_special(Token token) const = 0;
  virtual int32_t size() const = 0;  // one more than the largest id
};

// Reads tokenizer.json of a model folder. What it holds and we do not know is refused by name.
Result<std::unique_ptr<Tokenizer>> load_tokenizer(const std::string& folder);

}  // namespace quire
