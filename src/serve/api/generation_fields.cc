// Table: the fields that completions and chat completions have in common.
#include <limits>

#include "serve/api/fields.h"
#include "serve/generation/json_field.h"
#include "serve/generation/unsupported.h"

namespace quire::serve {
namespace {

using namespace unsupported;

constexpr int32_t kMostChoices = 128;
constexpr size_t kMostStops = 16, kMostStopBytes = 256, kMostIds = 1024, kMostName = 128;
constexpr int64_t kMostTimeout = int64_t{24} * 3600 * 1000;

std::string read_count(const char* name, const Json& v, int32_t most, int32_t& to) {
  int64_t wide = 0;
  std::string why = read_whole(name, v, 1, most, "must be at least 1", wide);
  if (why.empty()) to = static_cast<int32_t>(wide);
  return why;
}

std::string read_max(const char* name, const Json& v, int32_t least, std::optional<int32_t>& to) {
  int32_t most = 0;
  std::string why =
      read_whole(name, v, least, least == 0 ? "must not be negative" : "must be at least 1", most);
  if (why.empty()) to = most;
  return why;
}

std::string read_stop(const Json& v, Ask& a) {
  if (Refusal r = read_sampling_field("stop", v, a.sampling)) return r.message;
  if (a.sampling.stop.size() > kMostStops)
    return "stop has " + std::to_string(a.sampling.stop.size()) + " strings; at most " +
           std::to_string(kMostStops) + " are allowed.";
  for (const std::string& s : a.sampling.stop)
    if (s.size() > kMostStopBytes)
      return "stop has a string of " + std::to_string(s.size()) + " bytes; at most " +
             std::to_string(kMostStopBytes) + " are allowed.";
  return {};
}

std::string read_stop_ids(const Json& v, Ask& a) {
  if (Refusal r = read_sampling_field("stop_token_ids", v, a.sampling)) return r.message;
  if (a.sampling.params.stop_token_ids.size() <= kMostIds) return {};
  return "stop_token_ids has " + std::to_string(a.sampling.params.stop_token_ids.size()) + " ids; at most " +
         std::to_string(kMostIds) + " are allowed.";
}

std::string read_bias(const Json& v, Ask& a) {
  if (v.object() && v.object()->size() > kMostIds)
    return "logit_bias has " + std::to_string(v.object()->size()) + " entries; at most " +
           std::to_string(kMostIds) + " are allowed.";
  return read_sampling_field("logit_bias", v, a.sampling).message;
}

// A name of the client's that comes back to it: short, and harmless wherever it is printed.
std::string read_name(const char* name, const Json& v, std::string& to) {
  if (!v.string() || v.string()->empty() || v.string()->size() > kMostName)
    return std::string(name) + " must be a string of 1 to " + std::to_string(kMostName) +
           " characters, got " + shown(v) + '.';
  for (const char c : *v.string())
    if (c <= ' ' || c > '~')
      return std::string(name) + " must have only printable ASCII characters and no spaces, got " + shown(v) +
             '.';
  to = *v.string();
  return {};
}

std::string read_salt(const Json& v, Ask& a) {
  if (!v.string() || v.string()->empty() || v.string()->size() > 1024)
    return "cache_salt must be a string of 1 to 1024 bytes, got " + shown(v) + '.';
  a.cache_salt = *v.string();
  return {};
}

std::string read_stream_options(const Json& v, Ask& a) {
  if (!v.object()) return "stream_options must be an object, got " + shown(v) + '.';
  a.has_stream_options = true;
  for (const auto& [name, to] : {std::pair("include_usage", &a.include_usage),
                                 std::pair("continuous_usage_stats", &a.continuous_usage)})
    if (const Json* option = find_set(v, name))
      if (std::string why = read_switch(std::string("stream_options.") + name, *option, *to); !why.empty())
        return why;
  return {};
}

std::string read_truncate(const Json& v, Ask& a) {
  int32_t k = 0;
  std::string why = read_whole("truncate_prompt_tokens", v, -1, "must be -1 or at least 1", k);
  if (why.empty() && k == 0) why = "truncate_prompt_tokens must be -1 or at least 1, got 0.";
  a.truncate_prompt_tokens = k;
  return why;
}

std::string read_side(const Json& v, Ask& a) {
  const bool left = v.string() && *v.string() == "left";
  if (!left && !(v.string() && *v.string() == "right"))
    return "truncation_side must be \"left\" or \"right\", got " + shown(v) + '.';
  a.truncate_left = left;
  return {};
}

constexpr std::string_view
    kSwitch = R"({"type":"boolean"})",
    kIds = R"({"type":"array","minItems":1,"items":{"$ref":"#/components/schemas/Token"}})";

constexpr Field kFields[] = {
    {"n", R"({"type":"integer","minimum":1,"maximum":128})",
     [](const Json& v, Ask& a) { return read_count("n", v, kMostChoices, a.sampling.n); }},
    {"max_tokens", R"({"type":"integer","minimum":0})",
     [](const Json& v, Ask& a) { return read_max("max_tokens", v, 0, a.max_tokens); }},
    {"temperature", R"({"type":"number","minimum":0})"},
    {"top_p", R"({"type":"number","exclusiveMinimum":0,"maximum":1})"},
    {"top_k", R"({"type":"integer","minimum":-1,"maximum":2147483647})"},
    {"min_p", R"({"type":"number","minimum":0,"maximum":1})"},
    {"presence_penalty", R"({"type":"number","minimum":-2,"maximum":2})"},
    {"frequency_penalty", R"({"type":"number","minimum":-2,"maximum":2})"},
    {"repetition_penalty", R"({"type":"number","exclusiveMinimum":0})"},
    {"seed", R"({"type":"integer","minimum":-9223372036854775808,"maximum":18446744073709551615})"},
    {"stop",
     R"({"anyOf":[{"type":"string","minLength":1,"maxLength":256},{"type":"array","maxItems":16,"items":{"type":"string","minLength":1,"maxLength":256}}]})",
     read_stop},
    {"stop_token_ids", R"({"type":"array","maxItems":1024,"items":{"$ref":"#/components/schemas/Token"}})",
     read_stop_ids},
    {"include_stop_str_in_output", kSwitch},
    {"skip_special_tokens", kSwitch},
    {"ignore_eos", kSwitch},
    {"min_tokens", R"({"type":"integer","minimum":0,"maximum":2147483647})"},
    {"logit_bias",
     R"({"type":"object","maxProperties":1024,"propertyNames":{"pattern":"^[0-9]{1,9}$"},"additionalProperties":{"type":"number"}})",
     read_bias},
    {"allowed_token_ids", kIds},
    {"prompt_logprobs", R"({"$ref":"#/components/schemas/LogprobCount"})"},
    {"stream", kSwitch, [](const Json& v, Ask& a) { return read_switch("stream", v, a.stream); }},
    {"stream_options",
     R"({"type":"object","properties":{"include_usage":{"type":"boolean"},"continuous_usage_stats":{"type":"boolean"}}})",
     read_stream_options},
    {"return_token_ids", kSwitch,
     [](const Json& v, Ask& a) { return read_switch("return_token_ids", v, a.return_token_ids); }},
    {"return_tokens_as_token_ids", kSwitch,
     [](const Json& v, Ask& a) {
       return read_switch("return_tokens_as_token_ids", v, a.return_tokens_as_token_ids);
     }},
    {"truncate_prompt_tokens",
     R"({"anyOf":[{"const":-1},{"type":"integer","minimum":1,"maximum":2147483647}]})", read_truncate},
    {"truncation_side", R"({"enum":["left","right"]})", read_side},
    {"priority", R"({"type":"integer","minimum":-2147483648,"maximum":2147483647})",
     [](const Json& v, Ask& a) {
       return read_whole("priority", v, std::numeric_limits<int32_t>::min(), "must be a priority",
                         a.priority);
     }},
    {"cache_salt", R"({"type":"string","minLength":1,"maxLength":256})", read_salt},
    {"request_id", R"({"type":"string","minLength":1,"maxLength":128,"pattern":"^[!-~]+$"})",
     [](const Json& v, Ask& a) { return read_name("request_id", v, a.request_id); }},
    {"timeout_ms",
     {},  // not in the document: a test made from it would call a 503 that it asked for an error
     [](const Json& v, Ask& a) {
       int64_t ms = 0;
       std::string why = read_whole("timeout_ms", v, 1, kMostTimeout, "must be at least 1", ms);
       if (why.empty()) a.timeout_ms = ms;
       return why;
     }},
};

// Known and refused where the value counts; without a condition nothing of it reaches an answer.
constexpr Field kUnsupported[] = {
    {"bad_words", {}, nullptr, if_not_empty},
    {"structured_outputs", {}, nullptr, if_set},
    {"response_format", R"({"type":"object","properties":{"type":{"const":"text"}},"required":["type"]})",
     nullptr, if_constrained},
    {"guided_json", {}, nullptr, if_set},
    {"guided_regex", {}, nullptr, if_set},
    {"guided_choice", {}, nullptr, if_set},
    {"guided_grammar", {}, nullptr, if_set},
    {"guided_json_object", {}, nullptr, if_true},
    {"guided_whitespace_pattern", {}, nullptr, if_set},
    {"use_beam_search", {}, nullptr, if_true},
    {"logprob_token_ids", {}, nullptr, if_set},
    {"thinking_token_budget", {}, nullptr, if_not_minus_one},
    {"repetition_detection", {}, nullptr, if_set},
    {"logits_processors", {}, nullptr, if_not_empty},
    {"vllm_xargs", {}, nullptr, if_not_empty},
    {"mm_processor_kwargs", {}, nullptr, if_not_empty},
    {"media_io_kwargs", {}, nullptr, if_not_empty},
    {"user", {}},
    {"metadata", {}},
    {"store", {}},
    {"service_tier", {}},
    {"safety_identifier", {}},
    {"prompt_cache_key", {}},
    {"prompt_cache_retention", {}},
    {"parallel_tool_calls", {}},
    {"kv_transfer_params", {}},
    {"length_penalty", {}},
    {"early_stopping", {}},
    {"spaces_between_special_tokens", {}},
    {"guided_decoding_backend", {}},
};

constexpr Field kModel[] = {
    {"model", R"({"type":"string"})",
     [](const Json& v, Ask& a) {
       if (!v.string()) return "model must be a string, got " + shown(v) + '.';
       a.model = *v.string();
       return std::string();
     }},
};

}  // namespace

std::span<const Field> model_field() { return kModel; }
std::span<const Field> generation_fields() { return kFields; }
std::span<const Field> unsupported_fields() { return kUnsupported; }

}  // namespace quire::serve
