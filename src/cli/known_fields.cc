#include "cli/known_fields.h"

#include <algorithm>

#include "serve/generation/unsupported.h"

namespace quire {
namespace {

using namespace unsupported;

bool never(const Json&, const Json&) { return false; }
bool if_more_than_n(const Json& v, const Json& line) {
  const Json* n = line.find("n");
  return v.integer() != (n ? n->integer().value_or(1) : 1);
}

struct KnownField {
  std::string_view name;
  bool (*changes_answer)(const Json& value, const Json& line);  // of a value that is not null
  std::string_view instead = "leave it out";
};

constexpr KnownField kKnown[] = {
    {"messages", if_set, "render the chat template yourself and give prompt or prompt_token_ids"},
    {"best_of", if_more_than_n, "use n"},
    {"use_beam_search", if_true},
    {"bad_words", if_not_empty},
    {"structured_outputs", if_set},
    {"response_format", if_constrained},
    {"guided_json", if_set},
    {"guided_regex", if_set},
    {"guided_choice", if_set},
    {"guided_grammar", if_set},
    {"guided_json_object", if_true},
    {"guided_whitespace_pattern", if_set},
    {"logprob_token_ids", if_set, "use logprobs"},
    {"top_logprobs", if_set, "use logprobs"},
    {"max_completion_tokens", if_set, "use max_tokens"},
    {"thinking_token_budget", if_not_minus_one},
    {"reasoning_effort", if_set},
    {"repetition_detection", if_set},
    {"logits_processors", if_not_empty},
    {"extra_args", if_not_empty},
    {"vllm_xargs", if_not_empty},
    {"echo", if_true},
    {"suffix", if_not_empty},
    {"prompt_embeds", if_set},
    {"truncate_prompt_tokens", if_not_minus_one},
    {"multi_modal_data", if_set},
    {"mm_processor_kwargs", if_set},
    {"lora_request", if_set},
    // Nothing of these reaches the answer of a batch line.
    {"model", never},
    {"user", never},
    {"request_id", never},
    {"metadata", never},
    {"store", never},
    {"service_tier", never},
    {"safety_identifier", never},
    {"prompt_cache_key", never},
    {"cache_salt", never},
    {"stream", never},
    {"stream_options", never},
    {"output_kind", never},
    {"flat_logprobs", never},
    {"skip_reading_prefix_cache", never},
    {"skip_clone", never},
    {"spaces_between_special_tokens", never},
    {"return_token_ids", never},
    {"return_tokens_as_token_ids", never},
    {"return_prompt_text", never},
    {"include_reasoning", never},
    {"kv_transfer_params", never},
    {"length_penalty", never},
    {"early_stopping", never},
    {"guided_decoding_backend", never},
    // They belong to messages, which is refused.
    {"tools", never},
    {"tool_choice", never},
    {"parallel_tool_calls", never},
    {"documents", never},
    {"chat_template", never},
    {"chat_template_kwargs", never},
    {"add_generation_prompt", never},
    {"continue_final_message", never},
};

}  // namespace

bool is_known_field(std::string_view name, const Json& value, const Json& line, Refusal& refusal) {
  const auto* field = std::ranges::find(kKnown, name, &KnownField::name);
  if (field == std::end(kKnown)) return false;
  if (!value.is_null() && field->changes_answer(value, line))
    refusal = not_supported(name, value, field->instead);
  return true;
}

}  // namespace quire
