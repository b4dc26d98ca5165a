// The Tokenizer that a tokenizer.json describes: added tokens are cut out, the rest is normalized, split
// into pieces, spelled by the model, and special tokens are put around it.
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "text/added_token_search.h"
#include "text/added_tokens.h"
#include "text/stages.h"
#include "text/tokenizer.h"

namespace quire {

class PieceCache;

struct Pipeline {
  AddedTokens added;
  std::vector<Normalizer> normalizers;
  std::vector<PreTokenizer> pre_tokenizers;
  TokenModel model;
  std::vector<PostProcessor> post_processors;
  Decoder decoder;
};

class PipelineTokenizer final : public Tokenizer {
 public:
  static Result<std::unique_ptr<Tokenizer>> make(Pipeline pipeline);

  Result<std::vector<Token>> encode(std::string_view text, const EncodeOptions& options) const override;
  std::unique_ptr<Detokenizer> detokenizer(bool skip_special_tokens) const override;
  std::optional<std::string_view> spelling(Token token) const override;
  std::optional<Token> id_of(std::string_view spelling) const override;
  bool is_special(Token token) const override;
  int32_t size() const override;

 private:
  struct Encoding;  // of one text

  explicit PipelineTokenizer(Pipeline pipeline) : p_(std::move(pipeline)) {}
  Status encode_section(Section section, Encoding& e) const;
  Status encode_piece(const Piece& piece, size_t stage, Encoding& e) const;
  Status encode_part(std::string_view part, Encoding& e) const;

  Pipeline p_;
  TokenSet specials_;
  std::optional<AddedTokenSearch> as_it_came_, in_normalized_;  // point into p_.added
};

}  // namespace quire
