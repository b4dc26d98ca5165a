// A regular expression of a tokenizer.json, run by PCRE2: compiled by its JIT where that works, else
// interpreted, in time and memory linear in the length of the text or refused. The file's author is a
// stranger, and so is the text's.
#pragma once
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "base/function_ref.h"
#include "base/status.h"

namespace quire {

// \w of Rust's regex crate, to stand in a class of PCRE2.
constexpr std::string_view kRustWord = R"(\p{Alphabetic}\p{M}\p{Nd}\p{Pc}\p{Join_Control})";

class Pattern {
 public:
  // In Oniguruma's syntax (text/pattern_dialect.h says what of it).
  static Result<Pattern> compile(std::string_view oniguruma, const std::string& where);
  // Matches `text` itself.
  static Result<Pattern> literal(std::string_view text, const std::string& where);
  // In PCRE2's own syntax: ours, not a file's.
  static Result<Pattern> compile_pcre2(const std::string& pattern, const std::string& where);

  // All matches of `text` (UTF-8: the caller has checked) from the left, none overlapping; an empty one is
  // skipped where the one before ended. A pattern that returns to earlier choices, or looks at the same
  // bytes, more often than the length of the text explains is an error. Stops at the first problem of `to`.
  Status each_match(std::string_view text, function_ref<Status(size_t begin, size_t end)> to) const;

 private:
  struct Compiled;
  class Run;  // over one text
  Pattern(std::shared_ptr<const Compiled> code, std::string where)
      : code_(std::move(code)), where_(std::move(where)) {}

  std::shared_ptr<const Compiled> code_;  // immutable, shared by all copies
  std::string where_;
};

}  // namespace quire
