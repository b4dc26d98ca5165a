#include "serve/api/tokens.h"

#include "serve/api/fields.h"
#include "serve/api/form.h"
#include "serve/api/messages.h"
#include "serve/generation/json_field.h"

namespace quire::serve {
namespace {

Refusal read_tokens(const Inquiry& inquiry, Json& body, const Ask& ask, std::vector<Token>& to) {
  const ApiContext& c = inquiry.context();
  if (Refusal r = inquiry.check_model(ask.model)) return r;
  if (ask.prompt && ask.messages) return {"give either prompt or messages, got both.", "messages"};
  if (ask.messages) {
    if (Refusal r = settle_messages(c.parts.chat, body)) return r;
    ChatPrompt prompt;
    if (Refusal r = read_chat(body, c.parts.chat, c.parts.tokenizer, prompt)) return r;
    to = std::move(prompt.ids);
    return {};
  }
  if (!ask.prompt) return {"prompt or messages is required, got neither.", "prompt"};
  if (!ask.prompt->string()) return {"prompt must be a string, got " + shown(*ask.prompt) + '.', "prompt"};
  Result<std::vector<Token>> ids =
      c.parts.tokenizer.encode(*ask.prompt->string(), {.add_special_tokens = ask.add_special_tokens});
  if (!ids.ok()) return {ids.status().message(), "prompt"};
  to = std::move(ids).value();
  return settle_tools_and_effort(
      body);  // they do nothing here, and may still be wrong; moves what `ask` points to
}

}  // namespace

void tokenize(Inquiry inquiry) {
  static const FieldTable kFields = tokenize_fields();
  const ApiContext& c = inquiry.context();
  Json body;
  if (!inquiry.read_object(body)) return;
  Ask ask;
  if (Refusal r = read_fields(kFields, body, ask)) return inquiry.refuse(r);
  std::vector<Token> ids;
  if (Refusal r = read_tokens(inquiry, body, ask, ids)) return inquiry.refuse(r);
  std::string to = R"({"count":)" + std::to_string(ids.size()) + R"(,"max_model_len":)" +
                   std::to_string(c.parts.engine.limits().max_model_len) + R"(,"tokens":)";
  append_ids(ids, to);
  to += R"(,"token_strs":)";
  if (ask.return_token_strs) {
    to += '[';
    for (size_t i = 0; i < ids.size(); ++i) {
      if (i > 0) to += ',';
      append_json_string(c.parts.tokenizer.spelling(ids[i]).value_or(""), to);
    }
    to += ']';
  } else {
    to += "null";
  }
  inquiry.answer(200, to + '}');
}

void detokenize(Inquiry inquiry) {
  static const FieldTable kFields = detokenize_fields();
  const ApiContext& c = inquiry.context();
  Json body;
  if (!inquiry.read_object(body)) return;
  Ask ask;
  if (Refusal r = read_fields(kFields, body, ask)) return inquiry.refuse(r);
  if (Refusal r = inquiry.check_model(ask.model)) return inquiry.refuse(r);
  std::vector<Token> ids;
  if (std::string why = read_ids("tokens", *ask.tokens, ids); !why.empty())
    return inquiry.refuse({why, "tokens"});
  for (const Token t : ids)
    if (t >= c.parts.engine.limits().vocab)
      return inquiry.refuse({"tokens contains token id " + std::to_string(t) + "; the vocabulary has " +
                                 std::to_string(c.parts.engine.limits().vocab) + " tokens.",
                             "tokens"});
  std::string to = R"({"prompt":)";
  append_json_string(c.parts.tokenizer.decode(ids, false), to);
  inquiry.answer(200, to + '}');
}

}  // namespace quire::serve
