// A SentencePiece model file (tokenizer.model): a protobuf message, of which we read what a tokenizer needs.
// Source: google/sentencepiece, sentencepiece_model.proto (fields and defaults); protobuf's encoding guide.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/status.h"

namespace quire {

// What tokenizer_config.json says beside the model file, with transformers' defaults.
struct SentencePieceChoices {
  bool add_bos_token = false, add_eos_token = false, add_prefix_space = true, legacy = false;

  static Result<SentencePieceChoices> read(const Json& json, const std::string& where);
};

struct SentencePieceFile {
  enum Type : uint64_t { kNormal = 1, kUnknown = 2, kControl = 3, kUserDefined = 4, kUnused = 5, kByte = 6 };
  struct Piece {
    std::string text;
    float score = 0;
    uint64_t type = kNormal;
  };
  static constexpr uint64_t kUnigram = 1, kBpe = 2;
  static constexpr size_t kMaxPiece = 1024;  // bytes

  std::vector<Piece> pieces;  // by id
  uint64_t model_type = kUnigram;
  bool byte_fallback = false, add_dummy_prefix = true;
  int64_t unk_id = 0, bos_id = 1, eos_id = 2;  // negative: none
  std::string character_map;                   // for CharacterMap; empty: none

  static Result<SentencePieceFile> parse(std::string_view bytes, const std::string& where);

  // The tokenizer.json that transformers makes of it: as its LlamaTokenizer (or GemmaTokenizer, if no space
  // is put before the text) does of BPE, as its T5Tokenizer without extra ids does of Unigram.
  Result<Json> as_tokenizer_json(const SentencePieceChoices& choices, const std::string& where) const;
};

}  // namespace quire
