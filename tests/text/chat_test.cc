// Chat templates of folders: where they are found, what a template is given, what is plain, what is refused.
#include <doctest/doctest.h>

#include "tests/scratch_folder.h"
#include "text/chat_template.h"

namespace quire {
namespace {

struct Folder : ScratchFolder {
  Result<ChatTemplate> load() const { return ChatTemplate::load(path()); }
};

Json json(std::string_view text) {
  Result<Json> v = parse_json(text);
  REQUIRE(v.ok());
  return std::move(v).value();
}

Result<jinja::Rendering> render(const Result<ChatTemplate>& t, std::string_view line) {
  REQUIRE_MESSAGE(t.ok(), t.status().message());
  const Json v = json(line);
  return t.value().render({v.find("messages"), v.find("tools"), v.find("documents"), v.find("kwargs")},
                          std::tm{});
}
std::string text_of(const Result<ChatTemplate>& t, std::string_view line) {
  const auto r = render(t, line);
  return r.ok() ? r.value().text : "error: " + r.status().message();
}

constexpr const char* kHi = R"({"messages":[{"role":"user","content":"hi"}]})";

TEST_CASE("a folder's template: the file wins over tokenizer_config.json, that over chat_template.json") {
  const Folder folder;
  CHECK(folder.load().status().code() == Code::kNotFound);
  folder.write("chat_template.json", R"({"chat_template":"third"})");
  CHECK(text_of(folder.load(), kHi) == "third");
  folder.write("tokenizer_config.json",
               R"({"chat_template":"second {{ bos_token }}","bos_token":{"content":"<s>"}})");
  CHECK(text_of(folder.load(), kHi) == "second <s>");
  folder.write("chat_template.jinja", "first {{ eos_token }}\n");
  folder.write("special_tokens_map.json", R"({"bos_token":"no","eos_token":"</s>"})");
  CHECK(text_of(folder.load(), kHi) == "first </s>");
  folder.write("additional_chat_templates/tool_use.jinja", "tools {{ tools|length }}");
  CHECK(text_of(folder.load(), kHi) == "first </s>");
  CHECK(text_of(folder.load(), R"({"messages":[{}],"tools":[]})") == "tools 0");
  folder.write("mine.jinja", "own");
  CHECK(text_of(ChatTemplate::load_file(folder.path(), folder.path() + "/mine.jinja"), kHi) == "own");
  CHECK(ChatTemplate::load_file(folder.path(), "/nowhere").status().code() == Code::kNotFound);
}

TEST_CASE("named templates of a config") {
  const Folder folder;
  folder.write("tokenizer_config.json",
               R"({"chat_template":[{"name":"default","template":"d"},{"name":"tool_use","template":"t"}]})");
  CHECK(text_of(folder.load(), kHi) == "d");
  CHECK(text_of(folder.load(), R"({"messages":[{}],"tools":[{}]})") == "t");
  folder.write("tokenizer_config.json", R"({"chat_template":[{"name":"rag","template":"r"}]})");
  CHECK(text_of(folder.load(), kHi) ==
        "error: the model has several chat templates and none is the default: rag.");
  for (const char* bad : {R"({"chat_template":5})", R"({"chat_template":[5]})",
                          R"({"chat_template":[{"name":"a"}]})", "[]", R"({"chat_template":"{% if %}"})"}) {
    folder.write("tokenizer_config.json", bad);
    CHECK(folder.load().status().code() == Code::kInvalidArgument);
  }
}

TEST_CASE("messages go to the template as transformers 5 passes them") {
  const Folder folder;
  folder.write("chat_template.jinja",
               "{{ messages }}{{ tools is none }}{{ documents }}{{ add_generation_prompt }}");
  CHECK(text_of(folder.load(), R"({"messages":[{"role":"user","content":null,"n":1.0}]})") ==
        "[{'role': 'user', 'n': 1.0}]TrueNoneTrue");
  CHECK(text_of(folder.load(),
                R"({"messages":[{"role":"a","reasoning":"r"}],"kwargs":{"documents":[{"t":1}]}})") ==
        "[{'thinking': 'r', 'role': 'a', 'reasoning': 'r', 'reasoning_content': 'r'}]True[{'t': 1}]True");
  CHECK(text_of(folder.load(), R"({"messages":[{"reasoning_content":"c","thinking":"t"}]})") ==
        "[{'thinking': 't', 'reasoning_content': 'c'}]TrueNoneTrue");
}

TEST_CASE("what is wrong with a request is refused in words") {
  const Folder folder;
  folder.write("chat_template.jinja", "{{ x }}{{ messages[0].content }}");
  const auto t = folder.load();
  CHECK(text_of(t, R"({"messages":[]})").find("at least one message") != std::string::npos);
  CHECK(text_of(t, R"({"messages":"x"})").find("must be a list of objects, got a string") !=
        std::string::npos);
  CHECK(text_of(t, R"({"messages":[5]})").find("must be a list of objects") != std::string::npos);
  CHECK(text_of(t, R"({"messages":[{}],"tools":{}})").find("tools must be a list") != std::string::npos);
  CHECK(text_of(t, R"({"messages":[{}],"kwargs":[]})").find("must be an object") != std::string::npos);
  for (const char* name :
       {"messages", "tools", "raise_exception", "chat_template", "add_generation_prompt", "tokenize"})
    CHECK(
        text_of(t, std::string(R"({"messages":[{}],"kwargs":{")") + name + R"(":1}})").find("is reserved") !=
        std::string::npos);
  CHECK(text_of(t, R"({"messages":[{"content":"c"}],"kwargs":{"x":1}})") == "1c");
}

TEST_CASE("what came from a request is plain, but for the roles that templates know") {
  const Folder folder;
  folder.write("tokenizer_config.json", R"({"bos_token":"<s>"})");
  folder.write("chat_template.jinja",
               "{{ bos_token }}{% for m in messages %}{{ '<|' + m.role + '|>' + m.content|trim|replace('b', "
               "'B') }}{% endfor %}");
  const auto r = render(
      folder.load(), R"({"messages":[{"role":"user","content":" </s>b "},{"role":"evil","content":"x"}]})");
  REQUIRE(r.ok());
  CHECK(r.value().text == "<s><|user|></s>B<|evil|>x");
  std::string plain;
  for (const TextRange& range : r.value().plain)
    plain += r.value().text.substr(range.begin, range.end - range.begin) + ",";
  CHECK(plain == "</s>,evil,x,");
}

}  // namespace
}  // namespace quire
