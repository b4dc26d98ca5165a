// The chat part of a request: messages, with tools, documents, add_generation_prompt and
// chat_template_kwargs, rendered by the model's template and tokenized.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "base/json.h"
#include "base/settings.h"
#include "serve/generation/refusal.h"
#include "text/chat_template.h"
#include "text/tokenizer.h"

namespace quire {

struct ChatOptions {
  std::optional<ChatTemplate> chat_template;  // none: `problem` says why
  Status problem;
  bool trust_content = false;  // text of a message may become special tokens
};

// The folder's template, or that of `file` if it is not empty; a file that cannot be used is an error.
Result<ChatOptions> load_chat(const std::string& folder, const std::string& file, bool trust_content);

// --chat-template and --trust-content.
SettingGroup chat_settings(std::string& file, bool& trust_content);

struct ChatPrompt {
  std::string text;
  std::vector<Token> ids;
};

// Of an object with messages. strftime_now tells the local time of the call.
Refusal read_chat(const Json& request, const ChatOptions&, const Tokenizer&, ChatPrompt& to);

}  // namespace quire
