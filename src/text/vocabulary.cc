#include "text/vocabulary.h"

#include <bit>
#include <functional>

#include "text/read_stage.h"

namespace quire {
namespace {

Status check_length(std::string_view spelling, const std::string& where) {
  if (spelling.size() <= Vocabulary::kMaxSpelling) return {};
  return refused(where, "the token " + quoted(spelling) + " has " + std::to_string(spelling.size()) +
                            " bytes; at most " + std::to_string(Vocabulary::kMaxSpelling) + " are allowed.");
}

}  // namespace

size_t Vocabulary::slot_of(std::string_view spelling) const {
  const size_t mask = slots_.size() - 1;
  size_t i = std::hash<std::string_view>()(spelling) & mask;
  while (slots_[i] >= 0 && at(places_[static_cast<size_t>(slots_[i])]) != spelling) i = (i + 1) & mask;
  return i;
}

Result<Vocabulary> Vocabulary::read(const Json& json, const std::string& where) {
  if (!json.object())
    return refused(where,
                   "must be an object of spellings and ids, found " + std::string(json.kind_name()) + ".");
  Vocabulary v;
  size_t bytes = 0;
  for (const auto& [spelling, id] : *json.object()) {
    const auto i = id.integer();
    if (!i || *i < 0 || *i > kMaxId) {
      std::string found;
      append_json(id, found);
      return refused(where, "the id of " + quoted(spelling) + " must be an integer in [0, " +
                                std::to_string(kMaxId) + "], found " + found.substr(0, 60) + ".");
    }
    if (Status s = check_length(spelling, where); !s.ok()) return s;
    if (static_cast<size_t>(*i) >= v.places_.size()) v.places_.resize(static_cast<size_t>(*i) + 1);
    bytes += spelling.size();
  }
  if (bytes > UINT32_MAX / 2) return refused(where, "spellings of more than 2 GiB together.");
  v.bytes_.reserve(bytes);
  v.slots_.assign(std::bit_ceil(json.object()->size() * 2 + 1), -1);
  for (const auto& [spelling, id] : *json.object()) {
    const auto i = static_cast<Token>(*id.integer());
    Place& place = v.places_[static_cast<size_t>(i)];
    if (place.length != kNone)
      return refused(where, "the id " + std::to_string(i) + " is given to both " + quoted(v.at(place)) +
                                " and " + quoted(spelling) + ".");
    const size_t slot = v.slot_of(spelling);
    if (v.slots_[slot] >= 0) return refused(where, "the token " + quoted(spelling) + " is given twice.");
    place = {static_cast<uint32_t>(v.bytes_.size()), static_cast<uint32_t>(spelling.size())};
    v.bytes_ += spelling;
    v.slots_[slot] = i;
    ++v.count_;
  }
  return v;
}

Result<Vocabulary> Vocabulary::of(std::span<const std::string_view> spellings, const std::string& where) {
  if (spellings.size() > static_cast<size_t>(kMaxId) + 1)
    return refused(where, std::to_string(spellings.size()) + " tokens; at most " +
                              std::to_string(kMaxId + 1) + " are allowed.");
  Vocabulary v;
  size_t bytes = 0;
  for (const std::string_view s : spellings) {
    if (Status too_long = check_length(s, where); !too_long.ok()) return too_long;
    bytes += s.size();
  }
  if (bytes > UINT32_MAX / 2) return refused(where, "spellings of more than 2 GiB together.");
  v.bytes_.reserve(bytes);
  v.slots_.assign(std::bit_ceil(spellings.size() * 2 + 1), -1);
  for (const std::string_view s : spellings) {
    v.places_.push_back({static_cast<uint32_t>(v.bytes_.size()), static_cast<uint32_t>(s.size())});
    v.bytes_ += s;
    v.slots_[v.slot_of(s)] = v.count_++;
  }
  return v;
}

std::optional<Token> Vocabulary::id_of(std::string_view spelling) const {
  const Token id = slots_[slot_of(spelling)];
  return id >= 0 ? std::optional<Token>(id) : std::nullopt;
}

std::optional<std::string_view> Vocabulary::spelling(Token id) const {
  if (id < 0 || id >= end()) return std::nullopt;
  const Place p = places_[static_cast<size_t>(id)];
  return p.length != kNone ? std::optional(at(p)) : std::nullopt;
}

}  // namespace quire
