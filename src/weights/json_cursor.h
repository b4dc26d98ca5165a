// Walks JSON text of a known shape from left to right without building values: for headers and indexes of up
// to a million entries, which parse_json() would turn into ten times their size.
#pragma once
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>

namespace quire {

// The first problem is kept; after it every read returns at once with nothing, and next() with false, so a
// walk needs one look at ok() after each value it uses. What it accepts, parse_json() accepts too, except
// that the walker itself must look for keys given twice.
class JsonCursor {
 public:
  // `text` is valid UTF-8 and outlives the cursor; places in messages count from `first_byte`.
  JsonCursor(std::string_view text, int64_t first_byte) : text_(text), first_byte_(first_byte) {}

  bool ok() const { return problem_.empty(); }
  // "byte 17: a string was expected, found 5". Empty: none.
  const std::string& problem() const { return problem_; }

  // Steps into '{' or '['.
  bool open(char bracket);
  // Inside: is there another element? False steps behind the closing bracket.
  bool next(char closing);
  // A member's key with its colon. Strings live as long as the text and the cursor; escapes are decoded.
  std::string_view key();
  std::string_view string();
  // A whole number without sign, point or exponent.
  std::optional<uint64_t> size();
  // Any value, checked and passed over; at most a few thousand parts, 16 levels deep.
  void skip();
  // Nothing but spaces may follow.
  void end();

  void fail(const std::string& what);  // at the current place

 private:
  char peek();            // the next byte that is no space; 0 at the end
  std::string found();    // what is at the current place, for messages
  size_t extent() const;  // length of the value at the current place, by its brackets and quotes

  std::string_view text_;
  int64_t first_byte_ = 0;
  size_t at_ = 0;
  bool first_ = false;  // next() comes to the first element
  std::string problem_;
  std::deque<std::string> decoded_;  // strings that had escapes
};

// `text` (from a stranger) for a message: quoted, escaped, cut after 100 bytes.
std::string quoted_name(std::string_view text);

}  // namespace quire
