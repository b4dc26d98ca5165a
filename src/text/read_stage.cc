#include "text/read_stage.h"

#include "text/character.h"

namespace quire {

Status refused(const std::string& where, const std::string& what) {
  return Status(Code::kUnsupported, where + ": " + what);
}

std::string quoted(std::string_view text) {
  constexpr size_t kMost = 60;
  std::string s;
  append_json_string(text.substr(0, kMost), s);  // a character cut in half becomes U+FFFD
  if (text.size() > kMost) s.insert(s.size() - 1, "...");
  return s;
}

Status only_members(const Json& json, const std::string& where,
                    std::initializer_list<std::string_view> known) {
  if (!json.object())
    return refused(where, "must be an object, found " + std::string(json.kind_name()) + ".");
  for (const auto& [key, value] : *json.object()) {
    if (key == "type" || std::ranges::find(known, key) != known.end()) continue;
    std::string names;
    for (const auto& k : known) names += std::string(names.empty() ? "" : ", ") + std::string(k);
    return refused(where, "the member " + quoted(key) + " is not known here; known " +
                              (names.empty() ? "is none." : "are " + names + "."));
  }
  return {};
}

std::optional<char32_t> read_character(const Json* json) {
  const std::string* s = json ? json->string() : nullptr;
  if (!s || s->empty()) return std::nullopt;
  const Character c = character_at(*s, 0);
  return c.bytes == s->size() ? std::optional(c.code_point) : std::nullopt;
}

Result<std::string_view> stage_type(const Json& json, const std::string& where) {
  if (!json.object())
    return refused(where, "must be an object, found " + std::string(json.kind_name()) + ".");
  const Json* type = json.find("type");
  if (!type || !type->string()) return refused(where, "needs a \"type\", a string.");
  return std::string_view(*type->string());
}

}  // namespace quire
