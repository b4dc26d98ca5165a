#include "cli/chat/conversation.h"

#include <algorithm>
#include <filesystem>
#include <system_error>
#include <utility>

#include "cli/output_file.h"
#include "serve/generation/json_field.h"
#include "serve/generation/sampling_fields.h"

namespace quire {
namespace {

bool has_role(const Json& message, std::string_view role) {
  const Json* own = message.find("role");
  return own && own->string() && *own->string() == role;
}

Json make_message(std::string_view role, std::string_view text) {
  return Json(Json::Object{{"role", Json(std::string(role))}, {"content", Json(std::string(text))}});
}

bool means_nothing_here(std::string_view field) {
  return field == "n" || field == "logprobs" || field == "prompt_logprobs" || field == "detokenize";
}

// "0.2", "true" and [1, 2] are JSON; what is not is the text itself.
Json value_of(std::string_view text) {
  Result<Json> json = parse_json(text);
  return json.ok() ? std::move(json).value() : Json(std::string(text));
}

Status check_messages(const Json& messages) {
  if (!messages.array()) return {Code::kInvalidArgument, "messages must be an array, got " + shown(messages)};
  for (const Json& m : *messages.array()) {
    const Json* role = m.find("role");
    if (!role || !role->string())
      return {Code::kInvalidArgument, "each of its messages must be an object with a role, got " + shown(m)};
  }
  return {};
}

}  // namespace

bool Conversation::has_system() const { return !messages_.empty() && has_role(messages_[0], "system"); }

void Conversation::set_system(std::string_view text) {
  if (has_system()) messages_.erase(messages_.begin());
  if (!text.empty()) messages_.insert(messages_.begin(), make_message("system", text));
}

std::string Conversation::system() const {
  const Json* content = has_system() ? messages_[0].find("content") : nullptr;
  return content && content->string() ? *content->string() : "";
}

void Conversation::add(std::string_view role, std::string_view text) {
  messages_.push_back(make_message(role, text));
}

void Conversation::drop_last() {
  if (!messages_.empty()) messages_.pop_back();
}

void Conversation::clear() { messages_.resize(has_system() ? 1 : 0); }

Refusal Conversation::set(std::string_view field, std::string_view value) {
  const std::string name(field);
  if (!is_sampling_field(field) || means_nothing_here(field))
    return {"a chat has no setting \"" + name +
                "\"; there are temperature, top_p, top_k, min_p, max_tokens, seed, stop and the other "
                "sampling fields of a request.",
            name};
  Json json = value_of(value);
  const bool taken_back = value == "default";
  if (SamplingChoice scratch; !taken_back)
    if (Refusal r = read_sampling_field(field, json, scratch)) return r;
  std::erase_if(fields_, [&](const Json::Member& m) { return m.first == field; });
  if (!taken_back) fields_.emplace_back(name, std::move(json));
  return {};
}

std::string Conversation::settings() const {
  std::string text;
  for (const auto& [name, value] : fields_) {
    if (!is_sampling_field(name)) continue;
    if (!text.empty()) text += ", ";
    text += name + ' ';
    append_json(value, text);
  }
  return text;
}

std::string Conversation::to_line() const {
  Json::Object line{{"messages", Json(messages_)}};
  line.insert(line.end(), fields_.begin(), fields_.end());
  std::string text;
  append_json(Json(std::move(line)), text);
  return text;
}

Status Conversation::save(const std::string& path) const {
  if (std::error_code none; std::filesystem::exists(path, none) && !load(path).ok())
    return {Code::kInvalidArgument, path + " is there and is no saved conversation; choose another name."};
  const std::string draft = path + ".part";
  Result<OutputFile> file = OutputFile::open(draft);
  if (!file.ok()) return file.status();
  file.value().write(to_line() + '\n');
  Status written = file.value().flush();
  std::error_code error;
  if (written.ok()) std::filesystem::rename(draft, path, error);
  if (error) written = {Code::kInvalidArgument, "cannot write " + path + ": " + error.message() + '.'};
  if (!written.ok()) std::filesystem::remove(draft, error);
  return written;
}

Result<Conversation> Conversation::load(const std::string& path) {
  constexpr int64_t kMostBytes = int64_t{64} << 20;
  Result<Json> json = read_json_file(path, kMostBytes);
  if (!json.ok()) return json.status();
  const Json* messages = json.value().find("messages");
  if (!messages)
    return Status(Code::kInvalidArgument,
                  path + " is no saved conversation: it must be a JSON object with messages.");
  if (Status s = check_messages(*messages); !s.ok())
    return Status(s.code(), path + " is no saved conversation: " + s.message() + '.');
  Conversation loaded;
  loaded.messages_ = *messages->array();
  for (const Json::Member& m : *json.value().object()) {
    if (m.first == "messages" || means_nothing_here(m.first)) continue;
    SamplingChoice scratch;
    if (Refusal r = read_sampling_field(m.first, m.second, scratch))
      return Status(Code::kInvalidArgument, path + ": " + r.message);
    loaded.fields_.push_back(m);
  }
  return loaded;
}

}  // namespace quire
