// Table: the fields of POST /v1/chat/completions. What the template sees is read by messages.cc and
// generation/chat_prompt.cc, all together; here stands what it may be.
#include "serve/api/fields.h"
#include "serve/generation/json_field.h"
#include "serve/generation/unsupported.h"

namespace quire::serve {
namespace {

using namespace unsupported;

constexpr std::string_view kSwitch = R"({"type":"boolean"})", kObject = R"({"type":"object"})";

std::string read_with_messages(const Json&, Ask&) { return {}; }

bool if_calls_a_tool(const Json& v, const Json&) {
  return !v.string() || (*v.string() != "none" && *v.string() != "auto");
}
bool if_not_text_only(const Json& v, const Json&) {
  if (!v.array()) return true;
  for (const Json& m : *v.array())
    if (!m.string() || *m.string() != "text") return true;
  return false;
}
bool if_not_none(const Json& v, const Json&) { return !v.string() || *v.string() != "none"; }

constexpr Field kMessages[] = {
    {"messages",
     R"({"type":"array","minItems":1,"items":{"type":"object","properties":{"role":{"type":"string","minLength":1},"content":{"anyOf":[{"type":"string"},{"type":"array","items":{"anyOf":[{"type":"string"},{"type":"object","properties":{"type":{"const":"text"},"text":{"type":"string"}},"required":["type","text"]},{"type":"object","properties":{"type":{"const":"refusal"},"refusal":{"type":"string"}},"required":["type","refusal"]}]}},{"type":"null"}]}},"required":["role"]}})",
     [](const Json& v, Ask& a) {
       a.messages = &v;
       return std::string();
     }},
    {"tools",
     R"({"type":"array","maxItems":128,"items":{"type":"object","properties":{"type":{"const":"function"},"function":{"type":"object","properties":{"name":{"type":"string"},"description":{"type":["string","null"]},"parameters":{"type":["object","null"]}},"required":["name"]}},"required":["type","function"]}})",
     read_with_messages},
    {"documents", R"({"type":"array","items":{"type":"object"}})", read_with_messages},
    {"chat_template_kwargs", kObject, read_with_messages},
    {"add_generation_prompt", kSwitch, read_with_messages},
    {"continue_final_message", kSwitch, read_with_messages},
    {"reasoning_effort", R"({"enum":["none","minimal","low","medium","high","xhigh","max"]})",
     read_with_messages},
    {"chat_template", {}, read_with_messages},
};

constexpr Field kChat[] = {
    {"max_completion_tokens", R"({"type":"integer","minimum":1})",
     [](const Json& v, Ask& a) {
       int32_t most = 0;
       std::string why = read_whole("max_completion_tokens", v, 1, "must be at least 1", most);
       if (why.empty()) a.max_completion_tokens = most;
       return why;
     }},
    {"logprobs", kSwitch, [](const Json& v, Ask& a) { return read_switch("logprobs", v, a.logprobs); }},
    {"top_logprobs", R"({"$ref":"#/components/schemas/LogprobCount"})",
     [](const Json& v, Ask& a) {
       return read_whole("top_logprobs", v, -1, "must be non-negative or -1", a.top_logprobs);
     }},
    {"add_special_tokens", kSwitch,
     [](const Json& v, Ask& a) { return read_switch("add_special_tokens", v, a.add_special_tokens); }},
    {"return_prompt_text", kSwitch,
     [](const Json& v, Ask& a) { return read_switch("return_prompt_text", v, a.return_prompt_text); }},
    {"tool_choice", R"({"enum":["none","auto"]})", nullptr, if_calls_a_tool},
    {"echo", {}, nullptr, if_true},
    {"best_of", {}, nullptr, [](const Json& v, const Json&) { return v.integer() != 1; }},
    {"functions", {}, nullptr, if_not_empty},
    {"function_call", {}, nullptr, if_not_none},
    {"modalities", {}, nullptr, if_not_text_only},
    {"audio", {}, nullptr, if_set},
    {"web_search_options", {}, nullptr, if_set},
    {"verbosity",
     {},
     nullptr,
     [](const Json& v, const Json&) { return !v.string() || *v.string() != "medium"; }},
    {"include_reasoning", {}},
    {"prediction", {}},
};

}  // namespace

std::span<const Field> message_fields() { return kMessages; }

FieldTable chat_fields() {
  return {model_field(), message_fields(), kChat, generation_fields(), unsupported_fields()};
}

}  // namespace quire::serve
