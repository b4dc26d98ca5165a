// The two directions of a vocabulary: a spelling's id and an id's spelling. Ids may have holes.
#pragma once
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "base/json.h"
#include "base/status.h"

namespace quire {

class Vocabulary {
 public:
  static constexpr Token kMaxId = (1 << 22) - 1;  // the tables are as long as the largest id

  static constexpr size_t kMaxSpelling = 1 << 16;

  // From {"spelling": id, ...}. Refused: an id below 0 or above kMaxId, an id given to two spellings, a
  // spelling of more than kMaxSpelling bytes.
  static Result<Vocabulary> read(const Json& json, const std::string& where);

  // The ids are the places in `spellings`; of one that stands twice the last is its id.
  static Result<Vocabulary> of(std::span<const std::string_view> spellings, const std::string& where);

  std::optional<Token> id_of(std::string_view spelling) const;
  std::optional<std::string_view> spelling(Token id) const;
  int32_t end() const { return static_cast<int32_t>(places_.size()); }  // one more than the largest id
  int32_t count() const { return count_; }                              // of spellings

 private:
  struct Place {
    uint32_t begin = 0;
    uint32_t length = kNone;
  };
  static constexpr uint32_t kNone = UINT32_MAX;

  size_t slot_of(
      std::string_view spelling) const;  // where it stands in slots_, or the free one where it would
  std::string_view at(Place p) const { return std::string_view(bytes_).substr(p.begin, p.length); }

  std::string bytes_;          // all spellings, one after the other
  std::vector<Place> places_;  // by id
  std::vector<Token> slots_;   // hash table of ids, open addressing, a power of two and half empty; -1: free
  int32_t count_ = 0;
};

}  // namespace quire
