#include "text/sentencepiece_file.h"

#include <bit>
#include <cmath>
#include <optional>

#include "base/utf8.h"
#include "text/read_stage.h"
#include "text/vocabulary.h"

namespace quire {
namespace {

// The fields of one message, one after the other.
class Message {
 public:
  explicit Message(std::string_view bytes) : bytes_(bytes) {}

  // The next field: its number, and its value as an integer or as bytes. False: the end, or not a message.
  bool next() {
    number = value = 0;
    text = {};
    if (at_ == bytes_.size()) return false;
    const auto key = varint();
    if (!key) return fail();
    number = *key >> 3;
    switch (*key & 7) {
      case 0: {
        const auto v = varint();
        if (!v) return fail();
        value = *v;
        return true;
      }
      case 1:
        return take(8);
      case 2: {
        const auto n = varint();
        return n && *n <= bytes_.size() - at_ ? take(static_cast<size_t>(*n)) : fail();
      }
      case 5:
        return take(4);
      default:
        return fail();  // groups
    }
  }
  bool ok() const { return ok_; }
  float as_float() const {
    uint32_t bits = 0;
    for (size_t i = text.size(); i-- > 0;) bits = bits << 8 | static_cast<unsigned char>(text[i]);
    return std::bit_cast<float>(bits);
  }

  uint64_t number = 0, value = 0;
  std::string_view text;

 private:
  bool fail() { return ok_ = false; }
  bool take(size_t n) {
    if (n > bytes_.size() - at_) return fail();
    text = bytes_.substr(at_, n);
    at_ += n;
    return true;
  }
  std::optional<uint64_t> varint() {
    uint64_t v = 0;
    for (unsigned shift = 0; shift < 64 && at_ < bytes_.size(); shift += 7) {
      const auto byte = static_cast<unsigned char>(bytes_[at_++]);
      v |= uint64_t{byte & 0x7fu} << shift;
      if (byte < 0x80) return v;
    }
    return std::nullopt;
  }

  std::string_view bytes_;
  size_t at_ = 0;
  bool ok_ = true;
};

Status not_a_model(const std::string& where, const std::string& what) {
  return refused(where, "is not a SentencePiece model: " + what);
}

Result<SentencePieceFile::Piece> read_piece(std::string_view bytes, const std::string& where) {
  SentencePieceFile::Piece piece;
  Message m(bytes);
  while (m.next()) {
    if (m.number == 1) piece.text = m.text;
    if (m.number == 2 && m.text.size() == 4) piece.score = m.as_float();
    if (m.number == 3) piece.type = m.value;
  }
  if (!m.ok()) return not_a_model(where, "a piece is cut off.");
  if (!is_utf8(piece.text) || piece.text.empty())
    return not_a_model(where, "a piece is empty or not valid UTF-8.");
  if (piece.text.size() > SentencePieceFile::kMaxPiece)
    return not_a_model(where, "a piece of " + std::to_string(piece.text.size()) + " bytes; at most " +
                                  std::to_string(SentencePieceFile::kMaxPiece) + " are allowed.");
  if (!std::isfinite(piece.score))
    return not_a_model(where, "the score of " + quoted(piece.text) + " is not finite.");
  return piece;
}

}  // namespace

Result<SentencePieceFile> SentencePieceFile::parse(std::string_view bytes, const std::string& where) {
  SentencePieceFile file;
  Message m(bytes);
  while (m.next()) {
    if (m.number == 1) {
      if (file.pieces.size() > Vocabulary::kMaxId) return not_a_model(where, "too many pieces.");
      auto piece = read_piece(m.text, where);
      if (!piece.ok()) return piece.status();
      file.pieces.push_back(std::move(piece).value());
    } else if (m.number == 2) {
      Message trainer(m.text);
      while (trainer.next()) {
        if (trainer.number == 3) file.model_type = trainer.value;
        if (trainer.number == 35) file.byte_fallback = trainer.value != 0;
        if (trainer.number == 40) file.unk_id = static_cast<int64_t>(trainer.value);
        if (trainer.number == 41) file.bos_id = static_cast<int64_t>(trainer.value);
        if (trainer.number == 42) file.eos_id = static_cast<int64_t>(trainer.value);
      }
      if (!trainer.ok()) return not_a_model(where, "its trainer_spec is cut off.");
    } else if (m.number == 3) {
      Message normalizer(m.text);
      while (normalizer.next()) {
        if (normalizer.number == 2) file.character_map = normalizer.text;
        if (normalizer.number == 3) file.add_dummy_prefix = normalizer.value != 0;
      }
      if (!normalizer.ok()) return not_a_model(where, "its normalizer_spec is cut off.");
    }
  }
  if (!m.ok()) return not_a_model(where, "it is no protobuf message, or is cut off.");
  if (file.pieces.empty()) return not_a_model(where, "it has no pieces.");
  if (file.model_type != kUnigram && file.model_type != kBpe)
    return refused(where, "the model type " + std::to_string(file.model_type) +
                              " is not supported; 1 (unigram) and 2 (BPE) are.");
  const auto size = static_cast<int64_t>(file.pieces.size());
  if (file.unk_id >= size || file.bos_id >= size || file.eos_id >= size)
    return not_a_model(where, "an id of a special piece is beyond its " + std::to_string(size) + " pieces.");
  return file;
}

}  // namespace quire
