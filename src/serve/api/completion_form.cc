// Answers of /v1/completions: text_completion, whole or in chunks.
#include "serve/api/form.h"
#include "serve/api/logprobs.h"

namespace quire::serve {
namespace {

constexpr std::string_view kObject = "text_completion";

std::string whole(const Generation& g, std::span<const Choice> choices, const Usage& usage) {
  std::string to;
  append_head(g, kObject, to);
  to += R"(,"choices":[)";
  for (const Choice& c : choices) {
    if (c.index > 0) to += ',';
    to += R"({"index":)" + std::to_string(c.index) + R"(,"text":)";
    append_json_string((g.echo ? c.prompt->text : std::string()) + std::string(shown_text(g, c)), to);
    to += R"(,"logprobs":)";
    size_t offset = 0;
    if (g.top_logprobs) append_completion_logprobs(g, c, g.echo, 0, shown_tokens(g, c).size(), offset, to);
    else to += "null";
    append_finish(c, true, to);
    if (g.token_ids) {
      to += R"(,"token_ids":)", append_ids(shown_tokens(g, c), to);
      to += R"(,"prompt_token_ids":)", append_ids(c.prompt->ids, to);
    }
    if (g.prompt_logprobs) to += R"(,"prompt_logprobs":)", append_prompt_logprobs(g, c, to);
    to += '}';
  }
  to += "],";
  append_usage(usage, to);
  return to + '}';
}

void delta(const Generation& g, Choice& c, const Usage& usage, std::string& to) {
  const bool opening = !c.opened, with_prompt = opening && g.echo;
  std::string text = with_prompt ? c.prompt->text : std::string();
  const std::string_view more = shown_text(g, c).substr(c.shown_text);
  text += more;
  const auto tokens = shown_tokens(g, c).subspan(c.shown_tokens);
  const bool ends = c.finish && !c.closed;
  const bool lists = g.top_logprobs || g.token_ids;
  if (text.empty() && !ends && !(lists && (!tokens.empty() || opening))) return;
  c.opened = true;
  std::string chunk;
  append_head(g, kObject, chunk);
  chunk += R"(,"choices":[{"index":)" + std::to_string(c.index) + R"(,"text":)";
  append_json_string(text, chunk);
  chunk += R"(,"logprobs":)";
  if (g.top_logprobs && (with_prompt || !tokens.empty()))
    append_completion_logprobs(g, c, with_prompt, c.shown_tokens, c.shown_tokens + tokens.size(),
                               c.text_offset, chunk);
  else chunk += "null";
  append_finish(c, ends, chunk);
  if (g.token_ids) {
    chunk += R"(,"token_ids":)", append_ids(tokens, chunk);
    if (opening) chunk += R"(,"prompt_token_ids":)", append_ids(c.prompt->ids, chunk);
  }
  c.shown_text += more.size(), c.shown_tokens += tokens.size(), c.closed = ends;
  chunk += "}]";
  if (g.continuous_usage) chunk += ',', append_usage(usage, chunk);
  append_event(chunk + '}', to);
}

void end(const Generation& g, const Usage& usage, std::string& to) {
  append_openai_end(g, kObject, usage, to);
}

}  // namespace

constinit const Form kCompletionForm{"cmpl-", whole, delta, end, append_openai_failure};

}  // namespace quire::serve
