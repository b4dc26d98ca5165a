#include "text/added_token_search.h"

#include <algorithm>
#include <tuple>

#include "base/utf8.h"
#include "text/white_space.h"

namespace quire {
namespace {

constexpr size_t kFreeSteps = 4096, kStepsPerByte = 16;  // in one text; added tokens that exist take 2

}  // namespace

Result<AddedTokenSearch> AddedTokenSearch::make(const AddedTokens& tokens, bool normalized) {
  AddedTokenSearch s;
  bool words = false;
  for (const AddedToken& t : tokens.all())
    if (t.normalized == normalized) s.sorted_.push_back(&t), words |= t.single_word;
  std::ranges::sort(s.sorted_, {}, [](const AddedToken* t) { return std::tie(t->pattern, t->id); });
  for (uint32_t i = 0; i < s.sorted_.size(); ++i) {
    Range& r = s.by_first_byte_[static_cast<unsigned char>(s.sorted_[i]->pattern[0])];
    if (r.begin == r.end) r.begin = i;
    r.end = i + 1;
  }
  if (words) {  // \w of Rust's regex crate
    auto word = Pattern::compile_pcre2("[" + std::string(kRustWord) + "]", "single_word");
    if (!word.ok()) return word.status();
    s.word_ = std::move(word).value();
  }
  return s;
}

const AddedToken* AddedTokenSearch::longest_at(std::string_view text, std::string_view plain, size_t at,
                                               size_t& steps) const {
  const AddedToken* best = nullptr;
  bool takes_plain = false;
  Range r = by_first_byte_[static_cast<unsigned char>(text[at])];
  for (size_t depth = 1; r.begin != r.end;
       ++depth, ++steps) {  // all in r begin with the `depth` bytes at `at`
    takes_plain = takes_plain || (!plain.empty() && plain[at + depth - 1] != 0);
    const AddedToken* first = sorted_[r.begin];
    if (first->pattern.size() == depth && !(takes_plain && first->special)) best = first;
    if (at + depth >= text.size()) break;
    const auto byte_at = [&](const AddedToken* t) {
      return t->pattern.size() > depth ? static_cast<unsigned char>(t->pattern[depth]) : -1;
    };
    const auto same = std::ranges::equal_range(sorted_.begin() + r.begin, sorted_.begin() + r.end,
                                               static_cast<unsigned char>(text[at + depth]), {}, byte_at);
    r = {static_cast<uint32_t>(same.begin() - sorted_.begin()),
         static_cast<uint32_t>(same.end() - sorted_.begin())};
  }
  return best;
}

// A word character stands right before `begin` or right at `end`.
Result<bool> AddedTokenSearch::next_to_word(std::string_view text, size_t begin, size_t end) const {
  bool found = false;
  const auto note = [&](size_t, size_t) { return found = true, Status(); };
  if (begin > 0) {
    size_t last = begin - 1;
    while (last > 0 && (static_cast<unsigned char>(text[last]) & 0xc0) == 0x80) --last;
    if (Status s = word_->each_match(text.substr(last, begin - last), note); !s.ok()) return s;
  }
  if (end < text.size()) {
    const std::string_view next = text.substr(end, utf8_length(text.substr(end)));
    if (Status s = word_->each_match(next, note); !s.ok()) return s;
  }
  return found;
}

Status AddedTokenSearch::split(std::string_view text, std::string_view plain, Sink to) const {
  size_t done = 0;                    // text before is handed on
  size_t run_begin = 0, run_end = 0;  // white space that was looked at before
  size_t steps = 0;
  for (size_t at = 0; at < text.size() && !sorted_.empty();) {
    const AddedToken* token = longest_at(text, plain, at, steps);
    if (steps > kFreeSteps + kStepsPerByte * text.size())
      return {Code::kInvalidArgument,
              "The added tokens of tokenizer.json take more steps on this text than its length explains."};
    if (!token) {
      ++at;
      continue;
    }
    size_t begin = at, end = at + token->pattern.size();
    at = end;
    if (token->single_word) {
      const auto word = next_to_word(text, begin, end);
      if (!word.ok()) return word.status();
      if (word.value()) continue;
    }
    if (token->lstrip)
      while (const size_t n = begin > done ? white_space_before(text, begin) : 0) begin -= n;
    if (token->rstrip) {
      if (end < run_begin || end >= run_end) {
        run_begin = run_end = end;
        while (const size_t n = white_space_at(text, run_end)) run_end += n;
      }
      end = run_end;
    }
    if (done < begin)
      if (Status s = to(std::nullopt, text.substr(done, begin - done)); !s.ok()) return s;
    if (Status s = to(token->id, {}); !s.ok()) return s;
    done = end;
  }
  return done < text.size() ? to(std::nullopt, text.substr(done)) : Status();
}

}  // namespace quire
