#include "text/read_pattern.h"

#include "text/pattern.h"
#include "text/read_stage.h"

namespace quire {
namespace {

constexpr size_t kMaxLiteral = 1024;  // looking for it may take so many steps at each place

Matches literal(const std::string& sought) {
  return [sought](std::string_view text, function_ref<Status(size_t, size_t)> to) {
    for (size_t at = 0; (at = text.find(sought, at)) != std::string_view::npos; at += sought.size())
      if (Status s = to(at, at + sought.size()); !s.ok()) return s;
    return Status();
  };
}

}  // namespace

Result<Matches> read_pattern(const Json* json, const std::string& where) {
  if (json && json->object() && json->object()->size() == 1) {
    const auto& [kind, value] = json->object()->front();
    if (kind == "String" && value.string() && !value.string()->empty()) {
      if (value.string()->size() <= kMaxLiteral) return literal(*value.string());
      return refused(where, "a pattern of " + std::to_string(value.string()->size()) + " bytes; at most " +
                                std::to_string(kMaxLiteral) + " are allowed.");
    }
    if (kind == "Regex" && value.string()) {
      auto pattern = Pattern::compile(*value.string(), where);
      if (!pattern.ok()) return pattern.status();
      return Matches([pattern = std::move(pattern).value()](std::string_view text,
                                                            function_ref<Status(size_t, size_t)> to) {
        return pattern.each_match(text, to);
      });
    }
  }
  return refused(where,
                 "\"pattern\" must be {\"Regex\": a string} or {\"String\": a string that is not empty}.");
}

}  // namespace quire
