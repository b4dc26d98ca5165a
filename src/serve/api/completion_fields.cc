// Table: the fields of POST /v1/completions, and those of /tokenize and /detokenize.
#include "serve/api/fields.h"
#include "serve/generation/json_field.h"
#include "serve/generation/unsupported.h"

namespace quire::serve {
namespace {

using namespace unsupported;

constexpr std::string_view kSwitch = R"({"type":"boolean"})";

constexpr Field kCompletion[] = {
    {"prompt",
     R"({"anyOf":[{"type":"string"},{"type":"array","minItems":1,"items":{"type":"string"}},{"type":"array","minItems":1,"items":{"$ref":"#/components/schemas/Token"}},{"type":"array","minItems":1,"items":{"type":"array","minItems":1,"items":{"$ref":"#/components/schemas/Token"}}}]})",
     [](const Json& v, Ask& a) {
       a.prompt = &v;
       return std::string();
     },
     nullptr, true},
    {"best_of", R"({"type":"integer","minimum":1,"maximum":128})",
     [](const Json& v, Ask& a) {
       int64_t n = 0;
       std::string why = read_whole("best_of", v, 1, 128, "must be at least 1", n);
       if (why.empty()) a.best_of = static_cast<int32_t>(n);
       return why;
     }},
    {"logprobs", R"({"$ref":"#/components/schemas/LogprobCount"})"},
    {"echo", kSwitch, [](const Json& v, Ask& a) { return read_switch("echo", v, a.echo); }},
    {"add_special_tokens", kSwitch,
     [](const Json& v, Ask& a) { return read_switch("add_special_tokens", v, a.add_special_tokens); }},
    {"suffix", {}, nullptr, if_not_empty},
    {"prompt_embeds", {}, nullptr, if_set},
    {"reasoning_effort", {}, nullptr, if_set},
};

constexpr Field kTokenize[] = {
    {"prompt", R"({"type":"string"})",
     [](const Json& v, Ask& a) {
       a.prompt = &v;
       return std::string();
     }},
    {"return_token_strs", kSwitch,
     [](const Json& v, Ask& a) { return read_switch("return_token_strs", v, a.return_token_strs); }},
};

constexpr Field kAddSpecial[] = {
    {"add_special_tokens", kSwitch,
     [](const Json& v, Ask& a) { return read_switch("add_special_tokens", v, a.add_special_tokens); }},
};

constexpr Field kDetokenize[] = {
    {"tokens", R"({"type":"array","items":{"$ref":"#/components/schemas/Token"}})",
     [](const Json& v, Ask& a) {
       a.tokens = &v;
       return std::string();
     },
     nullptr, true},
};

}  // namespace

FieldTable completion_fields() {
  return {model_field(), kCompletion, generation_fields(), unsupported_fields()};
}
FieldTable tokenize_fields() { return {model_field(), kTokenize, kAddSpecial, message_fields()}; }
FieldTable detokenize_fields() { return {model_field(), kDetokenize}; }

}  // namespace quire::serve
