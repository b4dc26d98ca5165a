// Answers of /v1/chat/completions: chat.completion and chat.completion.chunk.
#include "serve/api/form.h"
#include "serve/api/logprobs.h"

namespace quire::serve {
namespace {

constexpr std::string_view kChunk = "chat.completion.chunk";

std::string whole(const Generation& g, std::span<const Choice> choices, const Usage& usage) {
  std::string to;
  append_head(g, "chat.completion", to);
  to += R"(,"choices":[)";
  for (const Choice& c : choices) {
    if (c.index > 0) to += ',';
    to += R"({"index":)" + std::to_string(c.index) + R"(,"message":{"role":"assistant","content":)";
    append_json_string(shown_text(g, c), to);
    to += R"(,"refusal":null},"logprobs":)";
    if (g.top_logprobs) append_chat_logprobs(g, c, 0, c.answer.scores().size(), to);
    else to += "null";
    append_finish(c, true, to);
    if (g.token_ids) to += R"(,"token_ids":)", append_ids(shown_tokens(g, c), to);
    to += '}';
  }
  to += "],";
  append_usage(usage, to);
  if (g.prompt_logprobs) to += R"(,"prompt_logprobs":)", append_prompt_logprobs(g, choices[0], to);
  if (g.token_ids) to += R"(,"prompt_token_ids":)", append_ids(g.prompts[0].ids, to);
  if (g.prompt_text) to += R"(,"prompt_text":)", append_json_string(g.prompts[0].text, to);
  return to + '}';
}

void append_chunk(const Generation& g, const Usage& usage, const Choice& c, std::string_view rest,
                  bool opening, std::string& to) {
  std::string chunk;
  append_head(g, kChunk, chunk);
  chunk += R"(,"choices":[{"index":)" + std::to_string(c.index);
  chunk += rest;
  chunk += "}]";
  if (opening && g.token_ids) chunk += R"(,"prompt_token_ids":)", append_ids(c.prompt->ids, chunk);
  if (opening && g.prompt_text) chunk += R"(,"prompt_text":)", append_json_string(c.prompt->text, chunk);
  if (g.continuous_usage) chunk += ',', append_usage(usage, chunk);
  append_event(chunk + '}', to);
}

void delta(const Generation& g, Choice& c, const Usage& usage, std::string& to) {
  if (!c.opened) {
    c.opened = true;
    append_chunk(g, usage, c,
                 R"(,"delta":{"role":"assistant","content":""},"logprobs":null,"finish_reason":null)", true,
                 to);
  }
  const std::string_view text = shown_text(g, c).substr(c.shown_text);
  const auto tokens = shown_tokens(g, c).subspan(c.shown_tokens);
  const bool ends = c.finish && !c.closed;
  if (text.empty() && !ends && (tokens.empty() || (!g.top_logprobs && !g.token_ids))) return;
  std::string rest = R"(,"delta":{)";
  if (!text.empty() || !ends) rest += R"("content":)", append_json_string(text, rest);
  rest += R"(},"logprobs":)";
  if (g.top_logprobs && !tokens.empty())
    append_chat_logprobs(g, c, c.shown_tokens, c.shown_tokens + tokens.size(), rest);
  else rest += "null";
  append_finish(c, ends, rest);
  if (g.token_ids) rest += R"(,"token_ids":)", append_ids(tokens, rest);
  c.shown_text += text.size(), c.shown_tokens += tokens.size(), c.closed = ends;
  append_chunk(g, usage, c, rest, false, to);
}

void end(const Generation& g, const Usage& usage, std::string& to) {
  append_openai_end(g, kChunk, usage, to);
}

}  // namespace

constinit const Form kChatForm{"chatcmpl-", whole, delta, end, append_openai_failure};

}  // namespace quire::serve
