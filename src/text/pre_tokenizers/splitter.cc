#include "text/pre_tokenizers/splitter.h"

namespace quire {

std::optional<Behavior> behavior_of(std::string_view name) {
  if (name == "Isolated") return Behavior::kIsolated;
  if (name == "Removed") return Behavior::kRemoved;
  if (name == "Contiguous") return Behavior::kContiguous;
  if (name == "MergedWithPrevious") return Behavior::kMergedWithPrevious;
  if (name == "MergedWithNext") return Behavior::kMergedWithNext;
  return std::nullopt;
}

Status Splitter::delimiter(size_t begin, size_t end) {
  if (done_ != begin)
    if (Status s = stretch(done_, begin, invert_); !s.ok()) return s;
  done_ = end;
  return stretch(begin, end, !invert_);
}

Status Splitter::finish() {
  if (done_ != piece_.text.size())
    if (Status s = stretch(done_, piece_.text.size(), invert_); !s.ok()) return s;
  return emit();
}

Status Splitter::stretch(size_t begin, size_t end, bool is_delimiter) {
  if (behavior_ == Behavior::kRemoved && is_delimiter) return {};
  bool joins = false;
  if (behavior_ == Behavior::kContiguous) joins = is_delimiter == last_delimiter_;
  if (behavior_ == Behavior::kMergedWithPrevious) joins = is_delimiter && !last_delimiter_;
  if (behavior_ == Behavior::kMergedWithNext) joins = !is_delimiter && last_delimiter_;
  last_delimiter_ = is_delimiter;
  if (holds_ && joins) {
    held_end_ = end;
    return {};
  }
  if (Status s = emit(); !s.ok()) return s;
  held_begin_ = begin;
  held_end_ = end;
  holds_ = true;
  return {};
}

Status Splitter::emit() {
  if (!std::exchange(holds_, false) || held_begin_ == held_end_) return {};
  return to_(
      {piece_.text.substr(held_begin_, held_end_ - held_begin_), piece_.begins_text && held_begin_ == 0});
}

}  // namespace quire
