// How a run stays linear. PCRE2 counts returns to earlier choices, not the bytes that an item scans, so its
// own limit bounds little: a*+b scans ahead in vain from every place, and each of the counted steps of a*a*b
// may scan all of the text. So a match is first looked for in a small window with few steps, where the worst
// is small. A match that reaches the window's end, or takes more steps, is looked for in the whole text by
// the same pattern compiled with a callout before each item, which counts every byte that was passed since
// the last one.
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
constexpr size_t kWindow = 128;        // longer than nearly all words
constexpr uint32_t kQuickSteps = 512;  // from one place in a window
constexpr int kMostGivenUp = 8;        // so often in one text; from then on all is counted
constexpr int64_t kFreeSteps = 1 << 20,
                  kStepsPerByte = 64;      // counted, in one text; published patterns take 10
constexpr uint32_t kHeapKib = 256 * 1024;  // of the interpreter, for its places to return to

template <auto kFree>
struct Free {
  template <class T>
  void operator()(T* p) const {
    kFree(p);
  }
};
using CodePtr = std::unique_ptr<pcre2_code, Free<pcre2_code_free>>;
using DataPtr = std::unique_ptr<pcre2_match_data, Free<pcre2_match_data_free>>;
using MatchContext = std::unique_ptr<pcre2_match_context, Free<pcre2_match_context_free>>;
using CompileContext = std::unique_ptr<pcre2_compile_context, Free<pcre2_compile_context_free>>;

std::string words_of(int error) {
  if (error == PCRE2_ERROR_CALLOUT) return "it takes more steps than the length explains";
  PCRE2_UCHAR text[200];
  if (pcre2_get_error_message(error, text, sizeof text) < 0) return "error " + std::to_string(error);
  return reinterpret_cast<const char*>(text);
}

// Steps of one text that are left, and where the last one was.
struct Count {
  int64_t left = 0;
  size_t last = 0;

  static int step(pcre2_callout_block* block, void* data) {
    auto& count = *static_cast<Count*>(data);
    const size_t at = block->current_position;
    count.left -= 1 + static_cast<int64_t>(std::max(at, count.last) - std::min(at, count.last));
    count.last = at;
    return count.left < 0 ? PCRE2_ERROR_CALLOUT : 0;
  }
};

}  // namespace

struct Pattern::Compiled {
  CodePtr quick, counted;
  MatchContext few_steps;
};

class Pattern::Run {
 public:
  Run(const Compiled& code, std::string_view text)
      : code_(code),
        text_(text),
        data_(pcre2_match_data_create(1, nullptr)),
        count_{kFreeSteps + kStepsPerByte * static_cast<int64_t>(text.size())} {}

  // Of the first match at or after `from`: 1 if there is one (then begin() and end()), else PCRE2's error.
  int find(size_t from) {
    if (!data_) return PCRE2_ERROR_NOMEMORY;
    while (given_up_ < kMostGivenUp) {
      const size_t window = window_end(from);
      const bool last = window == text_.size();
      const int r =
          match(code_.quick.get(), window, from, last ? 0 : PCRE2_PARTIAL_HARD, code_.few_steps.get());
      if (r != PCRE2_ERROR_NOMATCH && r != PCRE2_ERROR_PARTIAL && r < 0) {
        ++given_up_;
        break;
      }
      if (last) return r >= 0 ? 1 : r;
      const size_t at = r == PCRE2_ERROR_NOMATCH ? window : begin();
      if (r >= 0 && at < window) return 1;  // it did not ask what comes behind the window
      if (at == from) break;                // longer than a window
      from = at;                            // none begins before; one that begins at the end has seen nothing
    }
    return find_counted(from);
  }
  size_t begin() const { return pcre2_get_ovector_pointer(data_.get())[0]; }
  size_t end() const { return pcre2_get_ovector_pointer(data_.get())[1]; }

 private:
  size_t window_end(size_t from) const {
    if (text_.size() - from <= kWindow) return text_.size();
    size_t end = from + kWindow;
    while ((static_cast<unsigned char>(text_[end]) & 0xc0) == 0x80) --end;
    return end;
  }

  int find_counted(size_t from) {
    if (!counting_) {
      counting_.reset(pcre2_match_context_create(nullptr));
      if (!counting_) return PCRE2_ERROR_NOMEMORY;
      pcre2_set_heap_limit(counting_.get(), kHeapKib);
      pcre2_set_match_limit(counting_.get(), UINT32_MAX);
      pcre2_set_depth_limit(counting_.get(), UINT32_MAX);
      pcre2_set_callout(counting_.get(), &Count::step, &count_);
    }
    count_.last = from;
    int r = match(code_.counted.get(), text_.size(), from, 0, counting_.get());
    if (r == PCRE2_ERROR_JIT_STACKLIMIT)
      r = match(code_.counted.get(), text_.size(), from, PCRE2_NO_JIT, counting_.get());
    return r >= 0 ? 1 : r;
  }

  int match(const pcre2_code* code, size_t end, size_t from, uint32_t options, pcre2_match_context* context) {
    return pcre2_match(code, reinterpret_cast<PCRE2_SPTR>(text_.data()), end, from,
                       PCRE2_NO_UTF_CHECK | options, data_.get(), context);
  }

  const Compiled& code_;
  std::string_view text_;
  DataPtr data_;
  MatchContext counting_;
  Count count_;
  int given_up_ = 0;
};

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
  const CompileContext context(pcre2_compile_context_create(nullptr));
  auto code = std::make_shared<Compiled>();
  code->few_steps.reset(pcre2_match_context_create(nullptr));
  if (!context || !code->few_steps) return Status(Code::kOutOfMemory, where + ": no memory for a pattern.");
  pcre2_set_newline(context.get(), PCRE2_NEWLINE_LF);
  pcre2_set_parens_nest_limit(context.get(), kParensNest);
  pcre2_set_match_limit(code->few_steps.get(), kQuickSteps);
  constexpr uint32_t kOptions = PCRE2_UTF | PCRE2_UCP | PCRE2_MULTILINE | PCRE2_NO_AUTO_CAPTURE |
                                PCRE2_NEVER_BACKSLASH_C | PCRE2_NO_UTF_CHECK;
  for (CodePtr* to : {&code->quick, &code->counted}) {
    int error = 0;
    PCRE2_SIZE at = 0;
    to->reset(pcre2_compile(reinterpret_cast<PCRE2_SPTR>(pattern.data()), pattern.size(),
                            kOptions | (to == &code->counted ? PCRE2_AUTO_CALLOUT : 0), &error, &at,
                            context.get()));
    if (!*to)
      return refused(where,
                     "the pattern " + quoted(pattern) + " is refused by PCRE2: " + words_of(error) + ".");
  }
  // Without executable memory this fails, and pcre2_match() interprets.
  pcre2_jit_compile(code->quick.get(), PCRE2_JIT_COMPLETE | PCRE2_JIT_PARTIAL_HARD);
  pcre2_jit_compile(code->counted.get(), PCRE2_JIT_COMPLETE);
  return Pattern(std::move(code), where);
}

Status Pattern::each_match(std::string_view text, function_ref<Status(size_t begin, size_t end)> to) const {
  Run run(*code_, text);
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
