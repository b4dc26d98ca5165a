// The stages of a tokenizer.json, in the order in which a text meets them. Each is a function made from
// its JSON; adding a kind is one file in its folder and one line in the table of that folder's all.cc.
// A made stage is immutable: any thread may call it.
#pragma once
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/function_ref.h"
#include "base/ids.h"
#include "base/json.h"
#include "base/status.h"
#include "text/vocabulary.h"

namespace quire {

// A section of text (what lies between added tokens that match unnormalized text) on its way.
struct Section {
  std::string text = {};     // UTF-8
  std::string plain = {};    // empty, or a byte for each of `text`: 1 where it came from plain text, else 0
  bool begins_text = false;  // its first character came from the first of the whole text
  size_t most_bytes = SIZE_MAX;  // that normalizers may make of it: more is refused, never made
};
using Normalizer = std::function<Status(Section& section)>;

// What normalizers and pre-tokenizers may make of a text, in bytes, all stages together: so much that no
// chain of them that anybody needs comes near it, and that none of those that double the text 64 times gets
// far.
constexpr size_t most_made_of(size_t text_bytes) { return (size_t{1} << 20) + 256 * text_bytes; }
Status grows_too_much();

struct Piece {
  std::string_view text;     // UTF-8, not empty
  bool begins_text = false;  // its first character came from the first of the whole text
};
using PieceSink = function_ref<Status(const Piece&)>;

// Splits a piece, hands the parts on in order and stops at the first problem of `to`.
using PreTokenizer = std::function<Status(const Piece&, PieceSink to)>;

using TokenSet = std::vector<bool>;  // by id; what lies beyond its end is not in it

// Spells one piece in tokens. Those in `never` (null: none) come only where the unknown token would.
struct TokenModel {
  std::shared_ptr<const Vocabulary> vocabulary;
  std::function<Status(std::string_view piece, const TokenSet* never, std::vector<Token>& to)> encode;
  // May be empty. The bytes of `piece` from the beginning that can be spelled apart from the rest.
  std::function<size_t(std::string_view piece)> first_part = {};
};

inline bool contains(const TokenSet* set, Token id) {
  return set && id >= 0 && static_cast<size_t>(id) < set->size() && (*set)[static_cast<size_t>(id)];
}

// Adds the special tokens around a text. There is one part at first; a template makes more, and what follows
// in a chain looks at each. In the end they are joined.
using PostProcessor = std::function<void(bool add_special_tokens, std::vector<std::vector<Token>>& parts)>;

// One answer's decoding: called with each token's spelling, then once without one (the end); appends the
// text that is certain, in whole characters.
using DecodeStep = std::function<void(std::optional<std::string_view> spelling, std::string& to)>;
// Begins one.
using Decoder = std::function<DecodeStep()>;

// Each reads its member of the file; null is no stage at all. `where` begins every message. A chain
// ("Sequence") is flattened.
Result<std::vector<Normalizer>> read_normalizers(const Json& json, const std::string& where);
Result<std::vector<PreTokenizer>> read_pre_tokenizers(const Json& json, const std::string& where);
Result<TokenModel> read_model(const Json& json, const std::string& where);
Result<std::vector<PostProcessor>> read_post_processors(const Json& json, const std::string& where);
Result<Decoder> read_decoder(const Json& json, const std::string& where);

}  // namespace quire
