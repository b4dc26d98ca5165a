#include "cli/tokenize_line.h"

#include <utility>
#include <vector>

#include "base/json.h"
#include "cli/output_line.h"
#include "serve/generation/json_field.h"

namespace quire {
namespace {

Refusal read_option(const Json& line, std::string_view name, bool& to) {
  const Json* v = find_set(line, name);
  if (!v) return {};
  return {read_switch(name, *v, to), std::string(name)};
}

void append_ids(const std::vector<Token>& ids, std::string& to) {
  to += "\"ids\":[";
  for (size_t i = 0; i < ids.size(); ++i) {
    if (i) to += ',';
    to += std::to_string(ids[i]);
  }
  to += ']';
}

Refusal encode(const Tokenizer& tokenizer, const Json& line, const Json& text, std::string& to) {
  if (!text.string()) return {"text must be a string, got " + shown(text) + ".", "text"};
  EncodeOptions options;
  if (Refusal r = read_option(line, "add_special_tokens", options.add_special_tokens)) return r;
  Result<std::vector<Token>> ids = tokenizer.encode(*text.string(), options);
  if (!ids.ok()) return {ids.status().message(), "text"};
  append_ids(ids.value(), to);
  to += ",\"tokens\":[";
  for (size_t i = 0; i < ids.value().size(); ++i) {
    if (i) to += ',';
    if (auto spelling = tokenizer.spelling(ids.value()[i])) append_json_string(*spelling, to);
    else to += "null";
  }
  to += ']';
  return {};
}

Refusal decode(const Tokenizer& tokenizer, const Json& line, const Json& list, std::string& to) {
  std::vector<Token> ids;
  if (std::string why = read_ids("ids", list, ids); !why.empty()) return {why, "ids"};
  bool skip = true;
  if (Refusal r = read_option(line, "skip_special_tokens", skip)) return r;
  to += "\"text\":";
  append_json_string(tokenizer.decode(ids, skip), to);
  return {};
}

Refusal render(const Tokenizer& tokenizer, const ChatOptions& chat, const Json& line, std::string& to) {
  ChatPrompt prompt;
  if (Refusal r = read_chat(line, chat, tokenizer, prompt)) return r;
  to += "\"prompt\":";
  append_json_string(prompt.text, to);
  to += ',';
  append_ids(prompt.ids, to);
  return {};
}

Refusal convert(const Tokenizer& tokenizer, const ChatOptions& chat, const Json& line, std::string& to) {
  const Json *text = find_set(line, "text"), *ids = find_set(line, "ids"),
             *messages = find_set(line, "messages");
  if (messages && (text || ids))
    return {"a line has either messages or text or ids, got two of them.", "messages"};
  if (text && ids) return {"a line has either text or ids, got both.", "text"};
  if (messages) return render(tokenizer, chat, line, to);
  if (text) return encode(tokenizer, line, *text, to);
  if (ids) return decode(tokenizer, line, *ids, to);
  return {"a line needs text, ids or messages.", "text"};
}

}  // namespace

bool append_tokenized(const Tokenizer& tokenizer, const ChatOptions& chat, std::string_view text,
                      uint64_t number, std::string& to) {
  Json id(Json::Number{std::to_string(number)});
  Refusal refusal;
  std::string body;
  Result<Json> line = parse_json(text);
  if (!line.ok()) {
    refusal = {"the line is not JSON: " + line.status().message()};
  } else if (!line.value().object()) {
    refusal = {"the line must be a JSON object, got " + shown(line.value()) + "."};
  } else {
    if (const Json* given = line.value().find("id")) id = *given;
    refusal = convert(tokenizer, chat, line.value(), body);
  }
  if (refusal) {
    append_refusal(id, refusal, to);
    return false;
  }
  to += "{\"id\":";
  append_json(id, to);
  to += ',' + body + "}\n";
  return true;
}

}  // namespace quire
