#include "serve/api/messages.h"

#include <algorithm>
#include <utility>

#include "serve/generation/json_field.h"
#include "serve/generation/unsupported.h"

namespace quire::serve {
namespace {

constexpr size_t kMostTools = 128;
constexpr JsonLimits kArguments{.depth = 64, .values = 100'000, .keys = 4096};

Json* find_in(Json& object, std::string_view key) {
  return const_cast<Json*>(std::as_const(object).find(key));
}

std::string at(size_t i) { return "messages[" + std::to_string(i) + "]"; }

Refusal wrong(std::string message) { return {std::move(message), "messages"}; }

// The text of parts, one line each, as vLLM joins them.
Refusal join_parts(size_t message, const Json::Array& parts, std::string& to) {
  for (size_t i = 0; i < parts.size(); ++i) {
    const std::string where = at(message) + ".content[" + std::to_string(i) + "]";
    if (i > 0) to += '\n';
    const Json* type = parts[i].find("type");
    if (parts[i].string()) {
      to += *parts[i].string();
      continue;
    }
    if (!type || !type->string())
      return wrong(where + " must be an object with type and text, got " + shown(parts[i]) + '.');
    const Json* text = parts[i].find(*type->string() == "refusal" ? "refusal" : "text");
    if (*type->string() != "text" && *type->string() != "refusal")
      return {
          where + " has the type " + shown(*type) + ", which is not supported yet; give parts of type text.",
          "messages", kNotImplemented};
    if (!text || !text->string())
      return wrong(where + " must have a string as its text, got " + shown(parts[i]) + '.');
    to += *text->string();
  }
  return {};
}

// Arguments come as JSON in a string; templates expect the value.
Refusal settle_calls(size_t message, Json& calls) {
  if (!calls.array()) return wrong(at(message) + ".tool_calls must be a list, got " + shown(calls) + '.');
  for (size_t i = 0; i < calls.array()->size(); ++i) {
    const std::string where = at(message) + ".tool_calls[" + std::to_string(i) + "]";
    Json* function = find_in((*calls.array())[i], "function");
    const Json* name = function ? function->find("name") : nullptr;
    if (!name || !name->string()) return wrong(where + " must have a function with a name.");
    Json* arguments = find_in(*function, "arguments");
    if (!arguments || !arguments->string()) continue;
    const std::string& text = *arguments->string();
    Result<Json> value = text.find_first_not_of(" \t\r\n") == std::string::npos
                             ? Json(Json::Object())
                             : parse_json(text, kArguments);
    if (!value.ok()) return wrong(where + ".function.arguments is " + value.status().message());
    *arguments = std::move(value).value();
  }
  return {};
}

bool knows_developer(const ChatTemplate& t) {
  return t.mentions("'developer'") || t.mentions("\"developer\"");
}

Refusal settle_message(const ChatOptions& chat, size_t i, Json& message) {
  if (!message.object()) return wrong(at(i) + " must be an object, got " + shown(message) + '.');
  Json* role = find_in(message, "role");
  if (!role || !role->string() || role->string()->empty())
    return wrong(at(i) + ".role must be a string that is not empty, such as user.");
  if (*role->string() == "developer" && chat.chat_template && !knows_developer(*chat.chat_template))
    *role = Json("system");
  if (const Json* audio = find_set(message, "audio"))
    return {not_supported("audio of a message", *audio).message, "messages", kNotImplemented};
  Json* calls = find_in(message, "tool_calls");
  const bool has_calls = calls && !calls->is_null();
  if (has_calls)
    if (Refusal r = settle_calls(i, *calls)) return r;
  Json* content = find_in(message, "content");
  if (!content) {
    if (!has_calls) message.object()->emplace_back("content", Json(""));
    return {};
  }
  if (content->is_null()) {
    if (!has_calls) *content = Json("");
    return {};
  }
  if (content->string()) return {};
  if (!content->array())
    return wrong(at(i) + ".content must be a string or a list of parts, got " + shown(*content) + '.');
  std::string text;
  if (Refusal r = join_parts(i, *content->array(), text)) return r;
  *content = Json(std::move(text));
  return {};
}

Refusal settle_tools(Json& body) {
  Json* tools = find_in(body, "tools");
  if (!tools || tools->is_null()) return {};
  if (!tools->array()) return {"tools must be a list, got " + shown(*tools) + '.', "tools"};
  if (tools->array()->empty()) *tools = Json();  // none
  if (!tools->array()) return {};
  if (tools->array()->size() > kMostTools)
    return {"tools has " + std::to_string(tools->array()->size()) + " entries; at most " +
                std::to_string(kMostTools) + " are allowed.",
            "tools"};
  for (size_t i = 0; i < tools->array()->size(); ++i) {
    const Json& tool = (*tools->array())[i];
    const Json *type = tool.find("type"), *function = tool.find("function");
    const auto member = [&](const char* key) { return function ? find_set(*function, key) : nullptr; };
    const Json *name = member("name"), *description = member("description"),
               *parameters = member("parameters");
    const bool right = type && type->string() && *type->string() == "function" && name && name->string() &&
                       (!description || description->string()) && (!parameters || parameters->object());
    if (!right)
      return {"tools[" + std::to_string(i) +
                  "] must be an object of type function with a function: a name, and if it has them a "
                  "description, which is a text, and parameters, which are an object; got " +
                  shown(tool) + '.',
              "tools"};
  }
  return {};
}

// A variable of templates that know it, as in vLLM.
Refusal settle_effort(Json& body) {
  const Json* effort = find_set(body, "reasoning_effort");
  if (!effort) return {};
  constexpr std::string_view kKnown[] = {"none", "minimal", "low", "medium", "high", "xhigh", "max"};
  if (!effort->string() || !std::ranges::count(kKnown, *effort->string()))
    return {"reasoning_effort must be none, minimal, low, medium, high, xhigh or max, got " + shown(*effort) +
                '.',
            "reasoning_effort"};
  Json value = *effort;
  Json* kwargs = find_in(body, "chat_template_kwargs");
  if (!kwargs || kwargs->is_null()) {
    std::erase_if(*body.object(), [](const auto& m) { return m.first == "chat_template_kwargs"; });
    body.object()->emplace_back("chat_template_kwargs",
                                Json(Json::Object{{"reasoning_effort", std::move(value)}}));
  } else if (kwargs->object() && !kwargs->find("reasoning_effort")) {
    kwargs->object()->emplace_back("reasoning_effort", std::move(value));
  }
  return {};
}

}  // namespace

Refusal settle_messages(const ChatOptions& chat, Json& body) {
  Json* messages = find_in(body, "messages");
  if (!messages || !messages->array() || messages->array()->empty())
    return wrong("messages must be a list of at least one message, got " +
                 (messages ? shown(*messages) : std::string("none")) + '.');
  for (size_t i = 0; i < messages->array()->size(); ++i)
    if (Refusal r = settle_message(chat, i, (*messages->array())[i])) return r;
  return settle_tools_and_effort(body);
}

Refusal settle_tools_and_effort(Json& body) {
  if (Refusal r = settle_tools(body)) return r;
  return settle_effort(body);
}

}  // namespace quire::serve
