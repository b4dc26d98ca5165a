#include "cli/bench_serve/answer_stream.h"

#include <algorithm>

namespace quire {
namespace {

std::string_view text_of(const Json& choice) {
  const Json* from = choice.find("delta");
  if (!from) from = &choice;
  for (const char* key : {"content", "text", "reasoning", "reasoning_content"})
    if (const Json* text = from->find(key); text && text->string() && !text->string()->empty())
      return *text->string();
  return {};
}

int32_t count(const Json& usage, const char* key) {
  const Json* n = usage.find(key);
  return n ? static_cast<int32_t>(std::clamp<int64_t>(n->integer().value_or(0), 0, 1 << 30)) : 0;
}

std::string message_of(const Json& body) {
  const Json* error = body.find("error");
  if (!error) error = &body;
  if (error->string()) return *error->string();
  const Json* message = error->find("message");
  return message && message->string() ? *message->string() : "";
}

}  // namespace

std::string error_in(std::string_view body) {
  const Result<Json> json = parse_json(body);
  std::string message = json.ok() ? message_of(json.value()) : "";
  if (message.empty()) message = std::string(body.substr(0, 200));
  return message.empty() ? "no reason given" : message;
}

int32_t AnswerStream::feed(std::string_view bytes) {
  int32_t pieces = 0;
  while (!bytes.empty()) {
    const size_t end = bytes.find('\n');
    if (end == std::string_view::npos) {
      rest_ += bytes;
      break;
    }
    std::string_view whole = bytes.substr(0, end);
    if (!rest_.empty()) whole = rest_ += whole;
    if (whole.ends_with('\r')) whole.remove_suffix(1);
    pieces += line(whole);
    rest_.clear();
    bytes.remove_prefix(end + 1);
  }
  return pieces;
}

// An empty line ends an event; the lines of its data belong together.
bool AnswerStream::line(std::string_view line) {
  if (line.empty()) {
    const bool piece = !data_.empty() && event(data_);
    data_.clear();
    return piece;
  }
  if (!line.starts_with("data:")) return false;  // a comment, or a field that says nothing here
  line.remove_prefix(line.starts_with("data: ") ? 6 : 5);
  if (!data_.empty()) data_ += '\n';
  data_ += line;
  return false;
}

bool AnswerStream::event(std::string_view data) {
  if (data == "[DONE]") {
    done_ = true;
    return false;
  }
  const Result<Json> json = parse_json(data);
  if (!json.ok()) {
    if (error_.empty()) error_ = "a chunk is no JSON: " + json.status().message();
    return false;
  }
  const Json& chunk = json.value();
  if (chunk.find("error")) {
    error_ = error_in(data);
    return false;
  }
  if (const Json* usage = chunk.find("usage"); usage && usage->object()) {
    prompt_tokens_ = count(*usage, "prompt_tokens");
    output_tokens_ = count(*usage, "completion_tokens");
  }
  const Json* choices = chunk.find("choices");
  if (!choices || !choices->array() || choices->array()->empty()) return false;
  begun_ = true;
  const std::string_view text = text_of(choices->array()->front());
  if (keep_text_) text_ += text;
  return !text.empty();
}

}  // namespace quire
