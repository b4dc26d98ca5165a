// The chat template of a model folder, and messages rendered as transformers 5 renders them.
#pragma once
#include <ctime>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/json.h"
#include "base/status.h"
#include "text/jinja/template.h"

namespace quire {

struct ChatRequest {
  const Json* messages = nullptr;   // an array of objects, at least one
  const Json* tools = nullptr;      // an array of objects; null: none are given
  const Json* documents = nullptr;  // the same
  const Json* kwargs = nullptr;     // chat_template_kwargs: an object; further variables of the template
  bool add_generation_prompt = true;
  // continue_final_message: the field of the last message that the rendering ends in ("content"; transformers
  // takes others, too); then there is no generation prompt. Empty: nothing is continued.
  std::string continue_field{};
};

class ChatTemplate {  // immutable: any thread may use it
 public:
  // Of a folder, in this order: chat_template.jinja and additional_chat_templates/*.jinja; else chat_template
  // of tokenizer_config.json, a text or a list of {name, template}; else chat_template.json. Special tokens
  // are tokenizer_config.json's, what it lacks special_tokens_map.json's. kNotFound: the folder has no
  // template.
  static Result<ChatTemplate> load(const std::string& folder);

  // One template instead of the folder's, with the folder's special tokens.
  static Result<ChatTemplate> load_file(const std::string& folder, const std::string& file);

  // Keys of a message that are null are left out; reasoning goes by each of its names. `plain` of the result
  // is what came from the request, but for the roles that every template knows. A template's raise_exception
  // is the whole message of the error. `now` is what strftime_now tells.
  Result<jinja::Rendering> render(const ChatRequest&, const std::tm& now) const;

  // Do these words stand in one of the templates?
  bool mentions(std::string_view words) const;

 private:
  struct Named {
    std::string name;
    jinja::Template parsed;
  };
  using Tokens = std::vector<std::pair<std::string, std::string>>;

  static Result<ChatTemplate> make(const std::vector<std::pair<std::string, std::string>>& sources,
                                   Tokens tokens);
  Result<const jinja::Template*> choose(bool with_tools) const;

  std::vector<Named> templates_;  // one without a name, or several with
  Tokens tokens_;                 // bos_token, "<s>"
};

}  // namespace quire
