#include "serve/api/logprobs.h"

#include <algorithm>
#include <set>
#include <vector>

#include "base/utf8.h"

namespace quire::serve {
namespace {

void append_logprob(float v, std::string& to) { append_json_number(std::max(v, -9999.0f), to); }

// The best `most` of what is listed beside a token; the engine lists a whole vocabulary by id.
std::vector<Logprob> best(std::span<const Logprob> entries, int32_t most) {
  std::vector<Logprob> top(entries.begin() + 1, entries.end());
  const auto better = [](const Logprob& a, const Logprob& b) {
    return a.logprob != b.logprob ? a.logprob > b.logprob : a.token < b.token;
  };
  if (!std::ranges::is_sorted(top, better)) std::ranges::sort(top, better);
  if (most >= 0 && top.size() > static_cast<size_t>(most)) top.resize(static_cast<size_t>(most));
  return top;
}

void append_bytes(const std::string& text, std::string& to) {
  to += '[';
  for (size_t i = 0; i < text.size(); ++i) {
    if (i > 0) to += ',';
    to += std::to_string(static_cast<unsigned char>(text[i]));
  }
  to += ']';
}

void append_chat_token(const Generation& g, const Logprob& l, std::string& to) {
  const std::string text = spelled(g, l.token);
  to += R"({"token":)";
  append_json_string(text, to);
  to += R"(,"logprob":)";
  append_logprob(l.logprob, to);
  to += R"(,"bytes":)";
  append_bytes(text, to);
}

size_t characters(std::string_view text) {
  return static_cast<size_t>(
      std::ranges::count_if(text, [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

struct Columns {  // of the older form
  std::string offsets, logprobs, tokens, tops;
};

// `entries` is empty for a token without a score: the first of a prompt.
void append_row(const Generation& g, Token token, std::span<const Logprob> entries, size_t& offset,
                Columns& to) {
  if (!to.offsets.empty())
    for (std::string* column : {&to.offsets, &to.logprobs, &to.tokens, &to.tops}) *column += ',';
  const std::string text = spelled(g, token);
  to.offsets += std::to_string(offset);
  offset += characters(text);
  append_json_string(text, to.tokens);
  if (entries.empty()) {
    to.logprobs += "null", to.tops += "null";
    return;
  }
  append_logprob(entries[0].logprob, to.logprobs);
  std::set<std::string> seen;  // two tokens may be spelled alike: the better one counts
  to.tops += '{';
  const auto add = [&](const Logprob& l) {
    const auto [name, is_new] = seen.insert(spelled(g, l.token));
    if (!is_new) return;
    if (seen.size() > 1) to.tops += ',';
    append_json_string(*name, to.tops);
    to.tops += ':';
    append_logprob(l.logprob, to.tops);
  };
  for (const Logprob& l : best(entries, g.top_logprobs.value_or(0))) add(l);
  add(entries[0]);
  to.tops += '}';
}

}  // namespace

std::string spelled(const Generation& g, Token token) {
  if (g.tokens_as_ids) return "token_id:" + std::to_string(token);
  return g.tokenizer->decode(std::span(&token, 1), false);
}

void append_chat_logprobs(const Generation& g, const Choice& c, size_t begin, size_t end, std::string& to) {
  to += R"({"content":[)";
  for (size_t i = begin; i < end; ++i) {
    const auto entries = c.answer.entries(c.answer.scores()[i]);
    if (i > begin) to += ',';
    append_chat_token(g, entries[0], to);
    to += R"(,"top_logprobs":[)";
    const std::vector<Logprob> top = best(entries, g.top_logprobs.value_or(0));
    for (size_t j = 0; j < top.size(); ++j) {
      if (j > 0) to += ',';
      append_chat_token(g, top[j], to);
      to += '}';
    }
    to += "]}";
  }
  to += "]}";
}

void append_completion_logprobs(const Generation& g, const Choice& c, bool with_prompt, size_t begin,
                                size_t end, size_t& offset, std::string& to) {
  Columns columns;
  if (with_prompt)
    for (size_t i = 0; i < c.prompt->ids.size(); ++i) {
      const Answer::Scored s = c.answer.prompt_scores()[i];
      append_row(g, c.prompt->ids[i], c.answer.entries(s), offset, columns);
    }
  for (size_t i = begin; i < end; ++i)
    append_row(g, c.answer.tokens()[i], c.answer.entries(c.answer.scores()[i]), offset, columns);
  to += R"({"text_offset":[)" + columns.offsets + R"(],"token_logprobs":[)" + columns.logprobs +
        R"(],"tokens":[)" + columns.tokens + R"(],"top_logprobs":[)" + columns.tops + "]}";
}

void append_prompt_logprobs(const Generation& g, const Choice& c, std::string& to) {
  to += '[';
  for (size_t i = 0; i < c.prompt->ids.size(); ++i) {
    if (i > 0) to += ',';
    const auto entries = c.answer.entries(c.answer.prompt_scores()[i]);
    if (entries.empty()) {
      to += "null";
      continue;
    }
    to += '{';
    bool own_listed = false;
    std::vector<Logprob> listed = best(entries, g.prompt_logprobs.value_or(0));
    for (const Logprob& l : listed) own_listed |= l.token == entries[0].token;
    if (!own_listed) listed.insert(listed.begin(), entries[0]);
    for (size_t j = 0; j < listed.size(); ++j) {
      if (j > 0) to += ',';
      to += '"' + std::to_string(listed[j].token) + R"(":{"logprob":)";
      append_logprob(listed[j].logprob, to);
      to += R"(,"rank":)" + std::to_string(listed[j].rank) + R"(,"decoded_token":)";
      append_json_string(spelled(g, listed[j].token), to);
      to += '}';
    }
    to += '}';
  }
  to += ']';
}

}  // namespace quire::serve
