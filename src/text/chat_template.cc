#include "text/chat_template.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <unordered_set>

#include "text/final_message.h"

namespace quire {
namespace {

namespace fs = std::filesystem;
using Sources = std::vector<std::pair<std::string, std::string>>;  // name, text
constexpr uintmax_t kMaxFile = uintmax_t{4} << 20;

Result<std::string> read_file(const fs::path& path) {
  std::error_code error;
  const uintmax_t size = fs::file_size(path, error);
  if (error) return Status(Code::kNotFound, path.string() + " cannot be read: " + error.message() + ".");
  if (size > kMaxFile)
    return Status(Code::kInvalidArgument, path.string() + " has " + std::to_string(size) +
                                              " bytes; a template has at most " + std::to_string(kMaxFile) +
                                              ".");
  std::ifstream file(path, std::ios::binary);
  std::string text((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  if (!file.good() && !file.eof()) return Status(Code::kNotFound, path.string() + " cannot be read.");
  return text;
}

// The object of a file that may be absent; null then.
Result<Json> read_optional(const fs::path& path) {
  std::error_code error;
  if (!fs::exists(path, error)) return Json();
  Result<Json> json = read_json_file(path.string());
  if (json.ok() && !json.value().object())
    return Status(Code::kInvalidArgument,
                  path.string() + " must hold an object, got " + std::string(json.value().kind_name()) + ".");
  return json;
}

// A special token as configs write it: a text, or an object with the text in `content`.
const std::string* token_text(const Json& v) {
  const Json* content = v.object() ? v.find("content") : &v;
  return content ? content->string() : nullptr;
}

void add_tokens(const Json& from, Sources& to) {
  if (!from.object()) return;
  const auto add = [&](const std::string& name, const Json& v) {
    if (const std::string* text = token_text(v)) to.emplace_back(name, *text);
  };
  for (const auto& [name, v] : *from.object())
    if (name.ends_with("_token")) add(name, v);
  if (const Json* extra = from.find("extra_special_tokens"); extra && extra->object())
    for (const auto& [name, v] : *extra->object()) add(name, v);
}

Result<Sources> folder_tokens(const fs::path& folder) {
  Sources tokens;
  for (const char* name : {"tokenizer_config.json", "special_tokens_map.json"}) {
    Result<Json> json = read_optional(folder / name);
    if (!json.ok()) return json.status();
    add_tokens(json.value(), tokens);
  }
  std::unordered_set<std::string> seen;  // the first of a name counts
  std::erase_if(tokens, [&](const auto& t) { return !seen.insert(t.first).second; });
  return tokens;
}

// Files of their own: they win over what a config says.
Status read_template_files(const fs::path& folder, Sources& to) {
  std::error_code error;
  const fs::path main = folder / "chat_template.jinja", more = folder / "additional_chat_templates";
  std::vector<std::pair<std::string, fs::path>> files;
  if (fs::exists(main, error)) files.emplace_back("default", main);
  for (fs::directory_iterator i(more, error), end; !error && i != end; i.increment(error))
    if (i->path().extension() == ".jinja") files.emplace_back(i->path().stem().string(), i->path());
  std::ranges::sort(files);
  for (const auto& [name, path] : files) {
    Result<std::string> text = read_file(path);
    if (!text.ok()) return text.status();
    to.emplace_back(name, std::move(text).value());
  }
  return {};
}

Status read_config_template(const fs::path& path, Sources& to) {
  Result<Json> json = read_optional(path);
  if (!json.ok()) return json.status();
  const Json* v = json.value().find("chat_template");
  if (!v || v->is_null()) return {};
  if (const std::string* text = v->string()) {
    to.emplace_back("default", *text);
    return {};
  }
  Status bad(Code::kInvalidArgument, path.string() +
                                         ": chat_template must be a text or a list of objects with the texts "
                                         "name and template, got " +
                                         std::string(v->kind_name()) + ".");
  if (!v->array()) return bad;
  for (const Json& one : *v->array()) {
    const Json *name = one.find("name"), *text = one.find("template");
    if (!name || !name->string() || !text || !text->string()) return bad;
    to.emplace_back(*name->string(), *text->string());
  }
  return {};
}

constexpr std::string_view kRoles[] = {"system",      "user",        "assistant",   "tool",
                                       "developer",   "function",    "model",       "ipython",
                                       "environment", "observation", "tool_results"};

// The message as apply_chat_template hands it on.
Json prepared(const Json::Object& message) {
  Json::Object to;
  const Json* reasoning = nullptr;
  for (const auto& [key, v] : message)
    if (!v.is_null()) to.emplace_back(key, v);
  const auto place = [&](std::string_view name) {
    return std::ranges::find(to, name, [](const auto& m) -> std::string_view { return m.first; });
  };
  for (std::string_view name : kReasoningNames)
    if (!reasoning && place(name) != to.end()) reasoning = &place(name)->second;
  if (!reasoning) return to;
  const Json text = *reasoning;
  if (const auto own = place("thinking"); own != to.end()) std::rotate(to.begin(), own, own + 1);
  else to.insert(to.begin(), {"thinking", text});
  if (const auto own = place("reasoning_content"); own != to.end()) own->second = text;
  else to.emplace_back("reasoning_content", text);
  return to;
}

Status refuse_kwarg(const std::string& name) {
  constexpr std::string_view kReserved[] = {"messages",
                                            "tools",
                                            "conversation",
                                            "conversations",
                                            "chat_template",
                                            "add_generation_prompt",
                                            "continue_final_message",
                                            "tokenize",
                                            "padding",
                                            "truncation",
                                            "max_length",
                                            "return_tensors",
                                            "return_dict",
                                            "return_assistant_tokens_mask",
                                            "tokenizer_kwargs",
                                            "sanitize_control_tokens",
                                            "compiled_template",
                                            "self"};
  const bool function = name == "raise_exception" || name == "strftime_now" || name == "namespace" ||
                        name == "range" || name == "dict" || name == "cycler" || name == "joiner" ||
                        name == "lipsum" || name == "loop" || name == "caller";
  if (!function && !std::ranges::count(kReserved, name)) return {};
  return {Code::kInvalidArgument,
          "chat_template_kwargs must not set " + name + ": the name is reserved." +
              (name == "tools" || name == "add_generation_prompt" ? " Give it beside messages." : "")};
}

Result<Json> list_of_objects(const Json* v, const char* name) {
  if (!v || v->is_null()) return Json();
  const bool right =
      v->array() && std::ranges::all_of(*v->array(), [](const Json& o) { return o.object() != nullptr; });
  if (!right)
    return Status(Code::kInvalidArgument,
                  std::string(name) + " must be a list of objects, got " +
                      (v->array() ? "a list with something else in it" : std::string(v->kind_name())) + ".");
  return *v;
}

}  // namespace

Result<ChatTemplate> ChatTemplate::load(const std::string& folder) {
  Sources sources;
  if (Status s = read_template_files(folder, sources); !s.ok()) return s;
  for (const char* name : {"tokenizer_config.json", "chat_template.json"})
    if (sources.empty())
      if (Status s = read_config_template(fs::path(folder) / name, sources); !s.ok()) return s;
  if (sources.empty())
    return Status(Code::kNotFound,
                  folder +
                      " has no chat template (no chat_template.jinja, and no chat_template in "
                      "tokenizer_config.json); give one with --chat-template FILE, or a plain prompt instead "
                      "of messages.");
  Result<Tokens> tokens = folder_tokens(folder);
  if (!tokens.ok()) return tokens.status();
  return make(sources, std::move(tokens).value());
}

Result<ChatTemplate> ChatTemplate::load_file(const std::string& folder, const std::string& file) {
  Result<std::string> text = read_file(file);
  if (!text.ok()) return text.status();
  Result<Tokens> tokens = folder_tokens(folder);
  if (!tokens.ok()) return tokens.status();
  return make({{"default", std::move(text).value()}}, std::move(tokens).value());
}

Result<ChatTemplate> ChatTemplate::make(const Sources& sources, Tokens tokens) {
  ChatTemplate to;
  for (const auto& [name, source] : sources) {
    Result<jinja::Template> parsed = jinja::Template::parse(source);
    if (!parsed.ok())
      return Status(parsed.status().code(),
                    (sources.size() > 1 ? "the template " + name + ": " : "") + parsed.status().message());
    to.templates_.push_back({name, std::move(parsed).value()});
  }
  to.tokens_ = std::move(tokens);
  return to;
}

bool ChatTemplate::mentions(std::string_view words) const {
  return std::ranges::any_of(templates_, [&](const Named& t) { return t.parsed.mentions(words); });
}

Result<const jinja::Template*> ChatTemplate::choose(bool with_tools) const {
  for (const char* wanted : {"tool_use", "default"}) {
    if (!with_tools && std::string_view(wanted) == "tool_use") continue;
    for (const Named& t : templates_)
      if (t.name == wanted) return &t.parsed;
  }
  std::string names;
  for (const Named& t : templates_) names += (names.empty() ? "" : ", ") + t.name;
  return Status(Code::kInvalidArgument,
                "the model has several chat templates and none is the default: " + names + ".");
}

Result<jinja::Rendering> ChatTemplate::render(const ChatRequest& request, const std::tm& now) const {
  Result<Json> messages = list_of_objects(request.messages, "messages");
  if (!messages.ok()) return messages.status();
  if (messages.value().is_null() || messages.value().array()->empty())
    return Status(Code::kInvalidArgument, "messages must hold at least one message, got none.");
  Result<Json> tools = list_of_objects(request.tools, "tools");
  if (!tools.ok()) return tools.status();
  if (request.kwargs && !request.kwargs->is_null() && !request.kwargs->object())
    return Status(Code::kInvalidArgument, "chat_template_kwargs must be an object, got " +
                                              std::string(request.kwargs->kind_name()) + ".");
  const Json::Object* kwargs = request.kwargs ? request.kwargs->object() : nullptr;
  const Json* given_documents = request.documents;
  if (kwargs && !given_documents) given_documents = request.kwargs->find("documents");
  Result<Json> documents = list_of_objects(given_documents, "documents");
  if (!documents.ok()) return documents.status();
  Result<const jinja::Template*> chosen = choose(!tools.value().is_null());
  if (!chosen.ok()) return chosen.status();

  for (Json& m : *messages.value().array()) m = prepared(*m.object());
  Result<std::string> continued = std::string();
  if (!request.continue_field.empty()) {
    continued = mark_final_message(*messages.value().array(), request.continue_field, *chosen.value());
    if (!continued.ok()) return continued.status();
  }
  std::vector<jinja::Variable> variables;
  const auto set = [&](const std::string& name, Json v, bool plain) {  // the last of a name counts
    variables.push_back({name, std::move(v), plain});
  };
  for (const auto& [name, text] : tokens_) set(name, text, false);
  if (kwargs)
    for (const auto& [name, v] : *kwargs) {
      if (name == "documents") continue;
      if (Status s = refuse_kwarg(name); !s.ok()) return s;
      set(name, v, true);
    }
  set("messages", std::move(messages).value(), true);
  set("tools", std::move(tools).value(), true);
  set("documents", std::move(documents).value(), true);
  set("add_generation_prompt", request.add_generation_prompt && request.continue_field.empty(), false);
  Result<jinja::Rendering> rendered =
      chosen.value()->render(variables, now, {.trusted_key = "role", .trusted_values = kRoles});
  if (rendered.ok() && !request.continue_field.empty())
    if (Status s = cut_at_final_message(continued.value(), rendered.value()); !s.ok()) return s;
  return rendered;
}

}  // namespace quire
