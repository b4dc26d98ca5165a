#include "text/final_message.h"

#include <algorithm>

#include "text/jinja/methods.h"
#include "text/jinja/unicode.h"

namespace quire {
namespace {

constexpr std::string_view kMark = "CONTINUE_FINAL_MESSAGE_TAG ";  // transformers' own, so that results agree

Json* find_member(Json::Object& object, std::string_view name) {
  const auto place = std::ranges::find(object, name, &Json::Member::first);
  return place == object.end() ? nullptr : &place->second;
}

Status wrong(std::string why) {
  return {Code::kInvalidArgument, "continue_final_message: " + std::move(why)};
}

Status mark(Json& text) {
  if (!text.string())
    return wrong("the text to continue must be a string, got " + std::string(text.kind_name()) + ".");
  text = Json(*text.string() + std::string(kMark));
  return {};
}

Result<std::string> mark_last_part(Json::Array& parts) {
  for (size_t i = parts.size(); i-- > 0;) {
    Json* text = parts[i].object() ? find_member(*parts[i].object(), "text") : nullptr;
    if (!text) continue;
    const std::string continued = text->string() ? *text->string() : "";
    if (Status s = mark(*text); !s.ok()) return s;
    return continued;
  }
  return wrong("the last message has no part with a text to continue.");
}

}  // namespace

Result<std::string> mark_final_message(Json::Array& messages, const std::string& field,
                                       const jinja::Template& chat_template) {
  Json::Object& last = *messages.back().object();
  Json* held = find_member(last, field);
  if (!held || held->is_null()) return wrong("the last message has no \"" + field + "\" to continue.");
  std::vector<Json*> copies = {held};
  bool mentioned = chat_template.mentions(field);
  if (std::ranges::count(kReasoningNames, field)) {
    for (std::string_view name : kReasoningNames) {
      Json* copy = find_member(last, name);
      if (!copy || !copy->string() || !held->string() || *copy->string() != *held->string()) continue;
      if (copy != held) copies.push_back(copy);
      mentioned |= chat_template.mentions(name);
    }
  }
  if (!mentioned) return wrong("the chat template never mentions \"" + field + "\".");
  if (held->array()) return mark_last_part(*held->array());
  const std::string continued = held->string() ? *held->string() : "";
  for (Json* copy : copies)
    if (Status s = mark(*copy); !s.ok()) return s;
  return continued;
}

Status cut_at_final_message(const std::string& continued, jinja::Rendering& rendering) {
  std::string& text = rendering.text;
  const std::string stripped = jinja::stripped({continued, {}}, nullptr, jinja::Side::kBoth).bytes;
  const size_t at = text.rfind(jinja::strip_right(kMark));
  if (at == std::string::npos || text.find(stripped) == std::string::npos)
    return wrong(
        "the last message does not come out of the chat template as it is, so there is nothing to continue; "
        "leave continue_final_message out.");
  const bool kept_space = std::string_view(text).substr(at).starts_with(kMark);
  text.resize(kept_space ? at : jinja::strip_right(std::string_view(text).substr(0, at)).size());
  std::vector<TextRange>& plain = rendering.plain;
  while (!plain.empty() && plain.back().begin >= text.size()) plain.pop_back();
  if (!plain.empty()) plain.back().end = std::min(plain.back().end, text.size());
  return {};
}

}  // namespace quire
