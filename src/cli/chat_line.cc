#include "cli/chat_line.h"

#include <ctime>
#include <utility>

#include "cli/json_field.h"

namespace quire {
namespace {

std::tm local_time() {
  const std::time_t seconds = std::time(nullptr);
  std::tm now{};
  localtime_r(&seconds, &now);
  return now;
}

}  // namespace

SettingGroup chat_settings(std::string& file, bool& trust_content) {
  return {"Messages",
          {{"chat-template", &file, "A chat template to use instead of the model folder's.", "FILE", "", 0, 0,
            nullptr, true},
           {"trust-content", &trust_content, "Let text of messages become special tokens, as HF does.", "",
            "", 0, 0, nullptr, true}}};
}

Result<ChatOptions> load_chat(const std::string& folder, const std::string& file, bool trust_content) {
  ChatOptions to;
  to.trust_content = trust_content;
  Result<ChatTemplate> loaded =
      file.empty() ? ChatTemplate::load(folder) : ChatTemplate::load_file(folder, file);
  if (loaded.ok()) {
    to.chat_template = std::move(loaded).value();
  } else {
    if (!file.empty()) return loaded.status();
    to.problem = loaded.status();
  }
  return to;
}

Refusal read_chat(const Json& line, const ChatOptions& options, const Tokenizer& tokenizer, ChatPrompt& to) {
  if (!options.chat_template) return {options.problem.message(), "messages"};
  if (const Json* own = find_set(line, "chat_template"))
    return {
        "chat_template in a line is not allowed, got " + shown(*own) + "; start with --chat-template FILE.",
        "chat_template"};
  ChatRequest request{.messages = find_set(line, "messages"),
                      .tools = find_set(line, "tools"),
                      .documents = find_set(line, "documents"),
                      .kwargs = find_set(line, "chat_template_kwargs")};
  if (const Json* add = find_set(line, "add_generation_prompt"))
    if (std::string why = read_switch("add_generation_prompt", *add, request.add_generation_prompt);
        !why.empty())
      return {why, "add_generation_prompt"};
  if (const Json* go_on = find_set(line, "continue_final_message");
      go_on && (!go_on->boolean() || *go_on->boolean()))
    return {"continue_final_message is not supported yet, got " + shown(*go_on) + "; leave it out.",
            "continue_final_message"};
  Result<jinja::Rendering> rendered = options.chat_template->render(request, local_time());
  if (!rendered.ok()) return {rendered.status().message(), "messages"};
  EncodeOptions encode{.add_special_tokens = false};
  if (!options.trust_content) encode.plain = rendered.value().plain;
  Result<std::vector<Token>> ids = tokenizer.encode(rendered.value().text, encode);
  if (!ids.ok()) return {ids.status().message(), "messages"};
  to.text = std::move(rendered.value().text);
  to.ids = std::move(ids).value();
  return {};
}

}  // namespace quire
