#include "serve/generation/chat_prompt.h"

#include <ctime>
#include <utility>

#include "serve/generation/json_field.h"

namespace quire {
namespace {

std::tm local_time() {
  const std::time_t seconds = std::time(nullptr);
  std::tm now{};
  localtime_r(&seconds, &now);
  return now;
}

// continue_final_message: true, or the name of the field to continue.
Refusal read_continue(const Json& line, bool asks_for_prompt, ChatRequest& to) {
  constexpr const char* kName = "continue_final_message";
  const Json* given = find_set(line, kName);
  if (!given) return {};
  bool go_on = true;
  if (given->string() && !given->string()->empty()) {
    to.continue_field = *given->string();
  } else {
    if (std::string why = read_switch(kName, *given, go_on); !why.empty()) return {why, kName};
    if (go_on) to.continue_field = "content";
  }
  if (go_on && asks_for_prompt)
    return {"continue_final_message and add_generation_prompt exclude each other, got both; leave one out.",
            kName};
  return {};
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
    return {"chat_template in a request is not allowed, got " + shown(*own) +
                "; start with --chat-template FILE.",
            "chat_template"};
  ChatRequest request{.messages = find_set(line, "messages"),
                      .tools = find_set(line, "tools"),
                      .documents = find_set(line, "documents"),
                      .kwargs = find_set(line, "chat_template_kwargs")};
  const Json* add = find_set(line, "add_generation_prompt");
  if (add)
    if (std::string why = read_switch("add_generation_prompt", *add, request.add_generation_prompt);
        !why.empty())
      return {why, "add_generation_prompt"};
  if (Refusal r = read_continue(line, add && request.add_generation_prompt, request)) return r;
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
