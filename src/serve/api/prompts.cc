#include "serve/api/prompts.h"

#include <algorithm>

#include "serve/api/messages.h"
#include "serve/generation/json_field.h"

namespace quire::serve {
namespace {

constexpr size_t kMostPrompts = 1024;

Refusal wrong(const Json& prompt) {
  return {
      "prompt must be a string, a list of strings, a list of token ids or a list of such lists, none of them "
      "empty, got " +
          shown(prompt) + '.',
      "prompt"};
}

Refusal read_text(const ApiContext& c, const std::string& text, const Ask& ask, Generation& to) {
  Result<std::vector<Token>> ids =
      c.parts.tokenizer.encode(text, {.add_special_tokens = ask.add_special_tokens});
  if (!ids.ok()) return {ids.status().message(), "prompt"};
  to.prompts.push_back({std::move(ids).value(), text});
  return {};
}

Refusal read_token_ids(const ApiContext& c, const Json& list, Generation& to) {
  Prompt p;
  if (std::string why = read_ids("prompt", list, p.ids); !why.empty()) return {why, "prompt"};
  for (const Token t : p.ids)
    if (t >= c.parts.engine.limits().vocab)
      return {"prompt contains token id " + std::to_string(t) + "; the vocabulary has " +
                  std::to_string(c.parts.engine.limits().vocab) + " tokens.",
              "prompt"};
  to.prompts.push_back(std::move(p));
  return {};
}

Refusal read_one(const ApiContext& c, const Json& prompt, const Ask& ask, Generation& to) {
  if (prompt.string()) return read_text(c, *prompt.string(), ask, to);
  if (prompt.array() && !prompt.array()->empty()) return read_token_ids(c, prompt, to);
  return wrong(prompt);
}

Refusal read_prompts(const ApiContext& c, const Json& prompt, const Ask& ask, Generation& to) {
  const Json::Array* list = prompt.array();
  if (!list || (!list->empty() && list->front().number())) return read_one(c, prompt, ask, to);
  if (list->empty()) return wrong(prompt);
  if (list->size() > kMostPrompts)
    return {"prompt has " + std::to_string(list->size()) + " entries; at most " +
                std::to_string(kMostPrompts) + " are allowed in one request.",
            "prompt"};
  const bool texts = list->front().string() != nullptr;
  for (const Json& one : *list) {
    if (texts != (one.string() != nullptr)) return wrong(prompt);
    if (Refusal r = read_one(c, one, ask, to)) return r;
  }
  return {};
}

}  // namespace

Refusal read_completion(const ApiContext& c, Json&, Ask& ask, Generation& to) {
  SamplingChoice& s = to.sampling;
  if (Refusal r = read_prompts(c, *ask.prompt, ask, to)) return r;
  if (ask.best_of) {
    if (*ask.best_of < s.n)
      return {
          "best_of must be at least n=" + std::to_string(s.n) + ", got " + std::to_string(*ask.best_of) + '.',
          "best_of"};
    if (*ask.best_of > s.n && ask.stream)
      return {"best_of greater than n cannot be streamed, since the best are known at the end.", "best_of"};
    to.candidates = *ask.best_of;
  }
  if (ask.max_tokens) s.max_tokens = *ask.max_tokens;
  if (ask.echo) {
    to.echo = true;
    if (s.max_tokens == 0) to.hide_answer = true, s.max_tokens = 1, s.params.min_tokens = 0;
    for (Prompt& p : to.prompts)
      if (p.text.empty()) p.text = c.parts.tokenizer.decode(p.ids, false);
    if (s.params.logprobs && !s.params.prompt_logprobs) s.params.prompt_logprobs = s.params.logprobs;
  }
  return {};
}

Refusal read_chat_completion(const ApiContext& c, Json& body, Ask& ask, Generation& to) {
  if (!ask.messages) return {"messages is required and was not given.", "messages"};
  if (Refusal r = settle_messages(c.parts.chat, body)) return r;
  ChatPrompt prompt;
  if (Refusal r = read_chat(body, c.parts.chat, c.parts.tokenizer, prompt)) return r;
  to.prompts.push_back({std::move(prompt.ids), std::move(prompt.text)});
  to.prompt_text = ask.return_prompt_text;

  SamplingChoice& s = to.sampling;
  if (ask.top_logprobs != 0 && !ask.logprobs)
    return {"top_logprobs needs logprobs to be true.", "top_logprobs"};
  if (ask.logprobs) s.params.logprobs = ask.top_logprobs;
  if (ask.max_completion_tokens) ask.max_tokens = ask.max_completion_tokens;
  if (ask.max_tokens) s.max_tokens = *ask.max_tokens;
  else if (s.max_tokens == SamplingChoice().max_tokens)  // nor did the model say it
    s.max_tokens = 1, ask.fills_context = true;
  return {};
}

}  // namespace quire::serve
