#include "cli/sampling_settings.h"

#include <algorithm>

namespace quire {
namespace {

// "1,2" and ["1", "2"]: a list of numbers, checked by whoever reads the field.
Json::Array number_list(const std::vector<std::string>& values) {
  Json::Array list;
  for (const std::string& v : values)
    for (size_t at = 0; at <= v.size();) {
      const size_t comma = std::min(v.find(',', at), v.size());
      const std::string item = v.substr(at, comma - at);
      Result<Json> number = parse_json(item);
      list.push_back(number.ok() && number.value().number() ? number.value() : Json(item));
      at = comma + 1;
    }
  return list;
}

Json as_json(double v) {
  std::string text;
  append_json_number(v, text);
  return Json(Json::Number{text});
}
Json as_json(int64_t v) { return Json(v); }
Json as_json(bool v) { return Json(v); }

template <class T>
void add(const char* name, const std::optional<T>& v, Json::Object& to) {
  if (v) to.emplace_back(name, as_json(*v));
}

}  // namespace

SettingGroup sampling_settings(SamplingFlags& f) {
  return {
      "Sampling (a line's own fields come first)",
      {
          {"max-tokens", &f.max_tokens, "Tokens to generate, at most; 16 if nobody says.", "N"},
          {"min-tokens", &f.min_tokens, "Tokens to generate before the end may come.", "N"},
          {"temperature", &f.temperature, "0 is greedy.", "X"},
          {"top-p", &f.top_p, "Sample from the best tokens that have this probability together.", "X"},
          {"top-k", &f.top_k, "Sample from the best so many tokens; 0 or -1: all.", "N"},
          {"min-p", &f.min_p, "Leave out tokens less probable than this share of the best.", "X"},
          {"presence-penalty", &f.presence_penalty, "Taken off tokens that were generated.", "X"},
          {"frequency-penalty", &f.frequency_penalty, "Taken off for each time a token was generated.", "X"},
          {"repetition-penalty", &f.repetition_penalty, "Divides logits of tokens in prompt or answer.", "X"},
          {"n", &f.n, "Answers for each prompt.", "N"},
          {"stop", &f.stop, "End before this text; may be repeated.", "TEXT"},
          {"stop-token-ids", &f.stop_token_ids, "End with one of these tokens: 5,7.", "IDS"},
          {"include-stop-str-in-output", &f.include_stop_str_in_output,
           "Keep the text of what ended the answer."},
          {"ignore-eos", &f.ignore_eos, "Go on after the end-of-sequence token."},
          {"logit-bias", &f.logit_bias, "Added to logits: {\"5\": -1.5}.", "JSON"},
          {"allowed-token-ids", &f.allowed_token_ids, "Sample nothing else: 5,7.", "IDS"},
          {"logprobs", &f.logprobs, "List so many best tokens beside each generated one; -1: all.", "N"},
          {"prompt-logprobs", &f.prompt_logprobs, "The same for the tokens of the prompt.", "N"},
          {"skip-special-tokens", &f.skip_special_tokens, "Leave special tokens out of the text."},
          {"detokenize", &f.detokenize, "Make text at all."},
      }};
}

bool says_max_tokens(const SamplingFlags& flags, const SamplingChoice& defaults) {
  return flags.max_tokens || defaults.max_tokens != SamplingChoice().max_tokens;
}

Refusal apply_flags(const SamplingFlags& f, SamplingChoice& to) {
  Json::Object fields;
  add("temperature", f.temperature, fields);
  add("top_p", f.top_p, fields);
  add("min_p", f.min_p, fields);
  add("presence_penalty", f.presence_penalty, fields);
  add("frequency_penalty", f.frequency_penalty, fields);
  add("repetition_penalty", f.repetition_penalty, fields);
  add("top_k", f.top_k, fields);
  add("max_tokens", f.max_tokens, fields);
  add("min_tokens", f.min_tokens, fields);
  add("n", f.n, fields);
  add("logprobs", f.logprobs, fields);
  add("prompt_logprobs", f.prompt_logprobs, fields);
  add("ignore_eos", f.ignore_eos, fields);
  add("include_stop_str_in_output", f.include_stop_str_in_output, fields);
  add("skip_special_tokens", f.skip_special_tokens, fields);
  add("detokenize", f.detokenize, fields);
  if (!f.stop.empty()) fields.emplace_back("stop", Json(Json::Array(f.stop.begin(), f.stop.end())));
  if (!f.stop_token_ids.empty()) fields.emplace_back("stop_token_ids", Json(number_list(f.stop_token_ids)));
  if (!f.allowed_token_ids.empty())
    fields.emplace_back("allowed_token_ids", Json(number_list(f.allowed_token_ids)));
  if (f.logit_bias) {
    Result<Json> bias = parse_json(*f.logit_bias);
    if (!bias.ok()) return {"logit_bias is not JSON: " + bias.status().message(), "logit_bias"};
    fields.emplace_back("logit_bias", std::move(bias).value());
  }
  return read_sampling_fields(fields, to);
}

}  // namespace quire
