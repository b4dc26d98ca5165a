#include "text/stop_strings.h"

#include <algorithm>

#include "base/status.h"

namespace quire {

StopStrings::StopStrings(const std::vector<std::string>& stops, bool include, int32_t min_tokens)
    : include_(include), min_tokens_(min_tokens) {
  for (const std::string& text : stops) {  // Knuth, Morris, Pratt
    QUIRE_CHECK(!text.empty());
    Stop stop{text, std::vector<int32_t>(text.size() + 1, 0), 0};
    for (size_t n = 2; n <= text.size(); ++n) {
      int32_t k = stop.shorter[n - 1];
      while (k > 0 && text[static_cast<size_t>(k)] != text[n - 1]) k = stop.shorter[static_cast<size_t>(k)];
      stop.shorter[n] = text[static_cast<size_t>(k)] == text[n - 1] ? k + 1 : 0;
    }
    stops_.push_back(std::move(stop));
  }
}

std::optional<int32_t> StopStrings::add(std::string_view piece, std::string& to) {
  return search(piece, ++tokens_ > min_tokens_, to);
}

std::optional<int32_t> StopStrings::finish(std::string_view piece, std::string& to) {
  const auto stop = search(piece, tokens_ > min_tokens_, to);
  if (!stop) to += held_;
  held_.clear();
  return stop;
}

std::optional<int32_t> StopStrings::search(std::string_view piece, bool may_stop, std::string& to) {
  held_ += piece;
  for (size_t i = 0; i < piece.size(); ++i) {
    std::optional<int32_t> completed;
    for (size_t s = 0; s < stops_.size(); ++s) {
      Stop& stop = stops_[s];
      const auto length = static_cast<int32_t>(stop.text.size());
      int32_t k = stop.matched;
      if (k == length) k = stop.shorter[static_cast<size_t>(k)];
      while (k > 0 && stop.text[static_cast<size_t>(k)] != piece[i]) k = stop.shorter[static_cast<size_t>(k)];
      stop.matched = stop.text[static_cast<size_t>(k)] == piece[i] ? k + 1 : 0;
      if (stop.matched == length && may_stop && !completed) completed = static_cast<int32_t>(s);
    }
    if (!completed) continue;
    const size_t end = held_.size() - (piece.size() - i - 1);
    to.append(held_, 0, include_ ? end : end - stops_[static_cast<size_t>(*completed)].text.size());
    held_.clear();
    return completed;
  }
  // A stop string that ended before it counted is no longer one that begins: only its shorter beginnings.
  size_t keep = 0;
  for (const Stop& stop : stops_) {
    int32_t k = stop.matched;
    if (k == static_cast<int32_t>(stop.text.size())) k = stop.shorter[static_cast<size_t>(k)];
    keep = std::max(keep, static_cast<size_t>(k));
  }
  if (include_) keep = 0;
  to.append(held_, 0, held_.size() - keep);
  held_.erase(0, held_.size() - keep);
  return std::nullopt;
}

}  // namespace quire
