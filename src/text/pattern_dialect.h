// The regular expressions of a tokenizer.json are written for Oniguruma (Ruby's syntax). Here they become
// PCRE2's: what both read alike is copied, what they read differently is rewritten so that it means the
// same (\s, \d, \w, \b, scripts, {,n}), and the rest is refused by name, never guessed at.
#pragma once
#include <string>
#include <string_view>

#include "base/status.h"

namespace quire {

// `pattern` is UTF-8. For PCRE2_UTF, PCRE2_UCP and PCRE2_MULTILINE, newline LF. Errors begin with `where`.
Result<std::string> pcre2_from_oniguruma(std::string_view pattern, const std::string& where);

// A pattern that matches `text` itself.
std::string pcre2_literal(std::string_view text);

}  // namespace quire
