// How a stage is found by its "type", a chain of stages flattened, and what is unknown refused by name.
#pragma once
#include <algorithm>
#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/status.h"

namespace quire {

template <class Stage>
struct StageKind {
  std::string_view type;
  Result<Stage> (*read)(const Json& json, const std::string& where);
};

constexpr size_t kMaxStages = 64;  // of a flattened chain

// A member that is not in `known`: refused by name, whatever its value. "type" is always known.
Status only_members(const Json& json, const std::string& where,
                    std::initializer_list<std::string_view> known);

// `where`: `what`.
Status refused(const std::string& where, const std::string& what);

// A string of a stranger for a message: quoted, shortened.
std::string quoted(std::string_view text);

// The member "type" as a string; anything else is refused.
Result<std::string_view> stage_type(const Json& json, const std::string& where);

// A string of exactly one character; nothing: it is anything else.
std::optional<char32_t> read_character(const Json* json);

template <class Stage>
Result<Stage> read_stage(const Json& json, const std::string& where,
                         std::span<const StageKind<Stage>> table) {
  const auto type = stage_type(json, where);
  if (!type.ok()) return type.status();
  const auto kind = std::ranges::find(table, type.value(), &StageKind<Stage>::type);
  if (kind != table.end()) return kind->read(json, where + ": " + std::string(kind->type));
  std::string names;
  for (const auto& k : table) names += std::string(names.empty() ? "" : ", ") + std::string(k.type);
  return refused(where, "the type " + quoted(type.value()) + " is not known here; known " +
                            (table.empty() ? "is none." : "are " + names + "."));
}

// Appends the stages of `json`: nothing for null, those of a Sequence (its list is called `members`) in
// order.
template <class Stage>
Status read_chain(const Json& json, const std::string& where, std::string_view members,
                  std::span<const StageKind<Stage>> table, std::vector<Stage>& to) {
  if (json.is_null()) return {};
  const auto type = stage_type(json, where);
  if (!type.ok()) return type.status();
  if (type.value() != "Sequence") {
    if (to.size() >= kMaxStages)
      return refused(where, "more than " + std::to_string(kMaxStages) + " stages in one chain.");
    auto stage = read_stage(json, where, table);
    if (!stage.ok()) return stage.status();
    to.push_back(std::move(stage).value());
    return {};
  }
  if (Status s = only_members(json, where, {members}); !s.ok()) return s;
  const Json* list = json.find(members);
  if (!list || !list->array())
    return refused(where, "a Sequence needs its list \"" + std::string(members) + "\".");
  for (size_t i = 0; i < list->array()->size(); ++i) {
    const Json& member = (*list->array())[i];
    const std::string place = where + "[" + std::to_string(i) + "]";
    if (member.is_null()) return refused(place, "a stage must be an object, found null.");
    if (Status s = read_chain(member, place, members, table, to); !s.ok()) return s;
  }
  return {};
}

}  // namespace quire
