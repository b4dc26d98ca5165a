// A regular expression of a tokenizer.json, run by PCRE2: compiled by its JIT where that works, else
// interpreted, with bounds on steps and memory. The file's author is a stranger, and so is the text's.
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
  // skipped where the one before ended. A match that takes more steps than the length of the text explains
  // is an error; a step is a return to an earlier choice, so a pattern may still be quadratic by scanning
  // ahead in vain from every place (a*+b). Stops at the first problem of `to`.
  Status each_match(std::string_view text, function_ref<Status(size_t begin, size_t end)> to) const;

 private:
  Pattern(std::shared_ptr<const void> code, std::string where)
      : code_(std::move(code)), where_(std::move(where)) {}

  std::shared_ptr<const void> code_;  // pcre2_code: immutable, shared by all copies
  std::string where_;
};

}  // namespace quire
