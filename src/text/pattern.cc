#define PCRE2_CODE_UNIT_WIDTH 8
#include "text/pattern.h"

#include <pcre2.h>

#include <algorithm>

#include "base/utf8.h"
#include "text/pattern_dialect.h"
#include "text/read_stage.h"

namespace quire {
namespace {

constexpr size_t kMaxPattern = 16384;
constexpr uint32_t kParensNest = 100;
constexpr uint32_t kFirstSteps =
    4096;  // of one match, before it is tried again with kMoreSteps times as many
constexpr uint32_t kMoreSteps = 16;
constexpr uint64_t kStepsPerByte = 256;  // of all tries that gave up, in one text
constexpr uint64_t kFreeSteps = 1u << 26;
constexpr uint32_t kHeapKib = 256 * 1024;  // of the interpreter, for its places to return to

std::string words_of(int error) {
  PCRE2_UCHAR text[200];
  if (pcre2_get_error_message(error, text, sizeof text) < 0) return "error " + std::to_string(error);
  return reinterpret_cast<const char*>(text);
}

// The storage of one run over one text.
class Run {
 public:
  Run(const pcre2_code* code, std::string_view text)
      : code_(code),
        text_(text),
        data_(pcre2_match_data_create(1, nullptr), &pcre2_match_data_free),
        context_(pcre2_match_context_create(nullptr), &pcre2_match_context_free),
        budget_(kFreeSteps + kStepsPerByte * text.size()) {
    if (context_) pcre2_set_heap_limit(context_.get(), kHeapKib);
  }

  // Of the first match at or after `from`: 1 if there is one (then begin() and end()), else PCRE2's error.
  int find(size_t from) {
    if (!data_ || !context_) return PCRE2_ERROR_NOMEMORY;
    for (uint64_t steps = kFirstSteps;; steps *= kMoreSteps) {
      const auto limit = static_cast<uint32_t>(std::min({steps, budget_, uint64_t{UINT32_MAX}}));
      pcre2_set_match_limit(context_.get(), limit);
      pcre2_set_depth_limit(context_.get(), limit);
      const int r = run(from);
      if (r != PCRE2_ERROR_MATCHLIMIT && r != PCRE2_ERROR_DEPTHLIMIT) return r >= 0 ? 1 : r;
      budget_ -= limit;
      if (budget_ < kFirstSteps || limit == UINT32_MAX) return r;
    }
  }
  size_t begin() const { return pcre2_get_ovector_pointer(data_.get())[0]; }
  size_t end() const { return pcre2_get_ovector_pointer(data_.get())[1]; }

 private:
  int run(size_t from) {
    const auto match = [&](uint32_t options) {
      return pcre2_match(code_, reinterpret_cast<PCRE2_SPTR>(text_.data()), text_.size(), from,
                         PCRE2_NO_UTF_CHECK | options, data_.get(), context_.get());
    };
    const int r = match(0);
    return r == PCRE2_ERROR_JIT_STACKLIMIT ? match(PCRE2_NO_JIT) : r;
  }

  const pcre2_code* code_;
  std::string_view text_;
  std::unique_ptr<pcre2_match_data, decltype(&pcre2_match_data_free)> data_;
  std::unique_ptr<pcre2_match_context, decltype(&pcre2_match_context_free)> context_;
  uint64_t budget_;
};

}  // namespace

Result<Pattern> Pattern::compile(std::string_view oniguruma, const std::string& where) {
  if (oniguruma.size() > kMaxPattern)
    return refused(where, "a pattern of " + std::to_string(oniguruma.size()) + " bytes; at most " +
                              std::to_string(kMaxPattern) + " are allowed.");
  auto pattern = pcre2_from_oniguruma(oniguruma, where);
  return pattern.ok() ? compile_pcre2(pattern.value(), where) : Result<Pattern>(pattern.status());
}

Result<Pattern> Pattern::literal(std::string_view text, const std::string& where) {
  if (text.size() > kMaxPattern)
    return refused(where, "a pattern of " + std::to_string(text.size()) + " bytes; at most " +
                              std::to_string(kMaxPattern) + " are allowed.");
  return compile_pcre2(pcre2_literal(text), where);
}

Result<Pattern> Pattern::compile_pcre2(const std::string& pattern, const std::string& where) {
  const std::unique_ptr<pcre2_compile_context, decltype(&pcre2_compile_context_free)> context(
      pcre2_compile_context_create(nullptr), &pcre2_compile_context_free);
  if (!context) return Status(Code::kOutOfMemory, where + ": no memory for a pattern.");
  pcre2_set_newline(context.get(), PCRE2_NEWLINE_LF);
  pcre2_set_parens_nest_limit(context.get(), kParensNest);
  constexpr uint32_t kOptions = PCRE2_UTF | PCRE2_UCP | PCRE2_MULTILINE | PCRE2_NO_AUTO_CAPTURE |
                                PCRE2_NEVER_BACKSLASH_C | PCRE2_NO_UTF_CHECK;
  int error = 0;
  PCRE2_SIZE at = 0;
  pcre2_code* code = pcre2_compile(reinterpret_cast<PCRE2_SPTR>(pattern.data()), pattern.size(), kOptions,
                                   &error, &at, context.get());
  if (!code)
    return refused(where,
                   "the pattern " + quoted(pattern) + " is refused by PCRE2: " + words_of(error) + ".");
  std::shared_ptr<const void> shared(
      code, [](const void* c) { pcre2_code_free(static_cast<pcre2_code*>(const_cast<void*>(c))); });
  // Without executable memory this fails, and pcre2_match() interprets.
  pcre2_jit_compile(code, PCRE2_JIT_COMPLETE);
  return Pattern(std::move(shared), where);
}

Status Pattern::each_match(std::string_view text, function_ref<Status(size_t begin, size_t end)> to) const {
  Run run(static_cast<const pcre2_code*>(code_.get()), text);
  size_t from = 0, last_end = SIZE_MAX;
  while (from <= text.size()) {
    const int r = run.find(from);
    if (r == PCRE2_ERROR_NOMATCH) break;
    if (r < 0)
      return Status(Code::kInvalidArgument, where_ + ": its pattern cannot be run on this text of " +
                                                std::to_string(text.size()) + " bytes: " + words_of(r) + ".");
    if (run.begin() == run.end() && run.end() == last_end) {
      from += std::max<size_t>(1, utf8_length(text.substr(from)));
      continue;
    }
    from = last_end = run.end();
    if (Status s = to(run.begin(), run.end()); !s.ok()) return s;
  }
  return {};
}

}  // namespace quire
