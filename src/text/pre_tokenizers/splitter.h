// Cuts a piece where delimiters stand, and deals with them as a "behavior" says. Fed with the stretches of
// the piece from left to right, delimiters and what lies between; hands the parts on.
#pragma once
#include <optional>
#include <string>
#include <string_view>

#include "text/character.h"
#include "text/stages.h"

namespace quire {

enum class Behavior : unsigned char {
  kIsolated,
  kRemoved,
  kContiguous,
  kMergedWithPrevious,
  kMergedWithNext
};

std::optional<Behavior> behavior_of(std::string_view name);  // "Isolated", "Removed", ...
constexpr std::string_view kBehaviors = "Removed, Isolated, MergedWithPrevious, MergedWithNext, Contiguous";

class Splitter {
 public:
  // With `invert` delimiters are what lies between those that it is told of. Both outlive it.
  Splitter(const Piece& piece, Behavior behavior, bool invert, PieceSink to)
      : piece_(piece), behavior_(behavior), invert_(invert), to_(to) {}

  // A delimiter stands there; they come in order.
  Status delimiter(size_t begin, size_t end);
  Status finish();

 private:
  Status stretch(size_t begin, size_t end, bool is_delimiter);
  Status emit();  // what is held

  const Piece& piece_;
  Behavior behavior_;
  bool invert_;
  PieceSink to_;
  size_t done_ = 0;                       // of the piece: stretches before were given
  size_t held_begin_ = 0, held_end_ = 0;  // a part that may still grow
  bool holds_ = false, last_delimiter_ = false;
};

// Each character that is one is a delimiter of its own.
template <class IsDelimiter>
Status split_characters(const Piece& piece, Behavior behavior, PieceSink to, IsDelimiter is_delimiter) {
  Splitter splitter(piece, behavior, false, to);
  for (size_t at = 0; at < piece.text.size();) {
    const Character c = character_at(piece.text, at);
    if (is_delimiter(c.code_point))
      if (Status s = splitter.delimiter(at, at + c.bytes); !s.ok()) return s;
    at += c.bytes;
  }
  return splitter.finish();
}

}  // namespace quire
