#include "serve/api/form.h"

namespace quire::serve {

std::span<const Token> shown_tokens(const Generation& g, const Choice& c) {
  if (g.hide_answer) return {};
  return c.answer.tokens();
}

std::string_view shown_text(const Generation& g, const Choice& c) {
  if (g.hide_answer || !c.answer.text()) return {};
  return *c.answer.text();
}

void append_ids(std::span<const Token> ids, std::string& to) {
  to += '[';
  for (size_t i = 0; i < ids.size(); ++i) {
    if (i > 0) to += ',';
    to += std::to_string(ids[i]);
  }
  to += ']';
}

Usage usage_of(const Generation& g, std::span<const Choice> choices) {
  Usage u;
  for (const Prompt& p : g.prompts) u.prompt += p.ids.size();
  for (const Choice& c : choices) {
    u.made += shown_tokens(g, c).size();
    if (c.first) u.cached += c.answer.cached();
  }
  return u;
}

void append_usage(const Usage& u, std::string& to) {
  to += R"("usage":{"prompt_tokens":)" + std::to_string(u.prompt) + R"(,"completion_tokens":)" +
        std::to_string(u.made) + R"(,"total_tokens":)" + std::to_string(u.prompt + u.made) +
        R"(,"prompt_tokens_details":{"cached_tokens":)" + std::to_string(u.cached) + "}}";
}

void append_event(std::string_view json, std::string& to) {
  to += "data: ";
  to += json;
  to += "\n\n";
}

void append_head(const Generation& g, std::string_view object, std::string& to) {
  to += R"({"id":)";
  append_json_string(g.id, to);
  to +=
      R"(,"object":")" + std::string(object) + R"(","created":)" + std::to_string(g.created) + R"(,"model":)";
  append_json_string(g.model, to);
}

void append_finish(const Choice& c, bool ends, std::string& to) {
  to += R"(,"finish_reason":)";
  to += ends && c.finish ? '"' + std::string(c.finish) + '"' : "null";
  if (ends) to += R"(,"stop_reason":)" + c.stop_reason;
}

void append_openai_end(const Generation& g, std::string_view object, const Usage& usage, std::string& to) {
  if (g.include_usage) {
    std::string chunk;
    append_head(g, object, chunk);
    chunk += R"(,"choices":[],)";
    append_usage(usage, chunk);
    append_event(chunk + '}', to);
  }
  append_event("[DONE]", to);
}

void append_openai_failure(std::string_view error, std::string& to) {
  append_event(error, to);
  append_event("[DONE]", to);
}

}  // namespace quire::serve
