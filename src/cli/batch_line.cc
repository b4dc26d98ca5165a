#include "cli/batch_line.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "cli/known_fields.h"
#include "serve/generation/json_field.h"

namespace quire {
namespace {

Refusal read_text_prompt(const Json& line, const Json& prompt, const Tokenizer* tokenizer,
                         std::vector<Token>& to) {
  if (!prompt.string())
    return {"prompt must be a string, got " + shown(prompt) + "; token ids go into prompt_token_ids.",
            "prompt"};
  if (!tokenizer)
    return {
        "prompt needs a tokenizer, and the model folder has none that can be read; give prompt_token_ids.",
        "prompt"};
  EncodeOptions options;
  if (const Json* add = find_set(line, "add_special_tokens"))
    if (std::string why = read_switch("add_special_tokens", *add, options.add_special_tokens); !why.empty())
      return {why, "add_special_tokens"};
  Result<std::vector<Token>> ids = tokenizer->encode(*prompt.string(), options);
  if (!ids.ok()) return {ids.status().message(), "prompt"};
  to = std::move(ids).value();
  return {};
}

Refusal read_messages(const Json& line, const BatchContext& context, std::vector<Token>& to) {
  if (!context.tokenizer)
    return {
        "messages needs a tokenizer, and the model folder has none that can be read; give prompt_token_ids.",
        "messages"};
  ChatPrompt prompt;
  if (Refusal r = read_chat(line, *context.chat, *context.tokenizer, prompt)) return r;
  to = std::move(prompt.ids);
  return {};
}

Refusal read_prompt(const Json& line, const BatchContext& context, std::vector<Token>& to) {
  const Json* text = find_set(line, "prompt");
  const Json* ids = find_set(line, "prompt_token_ids");
  if (const Json* messages = find_set(line, "messages")) {
    Refusal refusal;
    if (!context.chat) is_known_field("messages", *messages, line, refusal);
    if (refusal) return refusal;
    if (text || ids) return {"a line has either messages or a prompt, got both.", "messages"};
    return read_messages(line, context, to);
  }
  if (text && ids) return {"a line has either prompt or prompt_token_ids, got both.", "prompt"};
  if (text) return read_text_prompt(line, *text, context.tokenizer, to);
  if (!ids)
    return {context.chat ? "a line needs prompt, prompt_token_ids or messages."
                         : "a line needs prompt or prompt_token_ids.",
            "prompt"};
  return {read_ids("prompt_token_ids", *ids, to), "prompt_token_ids"};
}

bool is_read_elsewhere(std::string_view key) {
  return key == "id" || key == "prompt" || key == "prompt_token_ids" || key == "add_special_tokens" ||
         key == "messages";
}

Refusal read_fields(const Json& line, const BatchContext& context, BatchLine& to) {
  constexpr std::numeric_limits<int32_t> kRange;
  for (const auto& [key, value] : *line.object()) {
    Refusal refusal;
    if (is_read_elsewhere(key)) continue;
    if (key == "priority") {
      if (!value.is_null())
        refusal = {read_whole(key, value, kRange.min(), "must be a priority", to.priority), key};
    } else if (is_sampling_field(key)) {
      refusal = read_sampling_field(key, value, to.sampling);
    } else if (!is_known_field(key, value, line, refusal) && context.on_unknown) {
      context.on_unknown(key);
    }
    if (refusal) return refusal;
  }
  if (!context.tokenizer && !to.sampling.stop.empty())
    return {"stop needs a tokenizer, and the model folder has none that can be read.", "stop"};
  return settle_sampling(context.vocab, to.sampling);
}

}  // namespace

Request request_of(const BatchLine& line) {
  Request request{.prompt = line.prompt,
                  .sampling = line.sampling.params,
                  .max_tokens = line.sampling.max_tokens,
                  .priority = line.priority};
  request.sampling.seed = line.seed;
  return request;
}

BatchLine read_batch_line(std::string_view text, uint64_t number, const BatchContext& context,
                          LineSeeds& seeds) {
  BatchLine line{
      .number = number, .id = Json(Json::Number{std::to_string(number)}), .sampling = context.defaults};
  Result<Json> json = parse_json(text);
  if (!json.ok()) {
    line.refusal = {"the line is not JSON: " + json.status().message()};
    return line;
  }
  if (!json.value().object()) {
    line.refusal = {"the line must be a JSON object, got " + shown(json.value()) + "."};
    return line;
  }
  if (const Json* id = json.value().find("id")) line.id = *id;
  line.refusal = read_prompt(json.value(), context, line.prompt);
  if (line.refusal) return line;
  if (context.context > 0 && find_set(json.value(), "messages"))
    line.sampling.max_tokens =
        std::max(1, context.context - static_cast<int32_t>(std::min<size_t>(line.prompt.size(), INT32_MAX)));
  const uint64_t seed =
      seeds.next(line.prompt);  // also where the line brings one, or is refused: it had that prompt
  line.refusal = read_fields(json.value(), context, line);
  line.seed = line.sampling.seed.value_or(seed);
  return line;
}

}  // namespace quire
