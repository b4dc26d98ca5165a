// continue_final_message beside transformers: the goldens say what each template makes of each last message.
#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "text/chat_template.h"

namespace quire {
namespace {

namespace fs = std::filesystem;

class OneTemplate {
 public:
  explicit OneTemplate(const std::string& source)
      : file_(fs::temp_directory_path() / "quire_final_message.jinja") {
    std::ofstream(file_, std::ios::binary) << source;
  }
  ~OneTemplate() { fs::remove(file_); }
  Result<ChatTemplate> load() const {
    return ChatTemplate::load_file(fs::temp_directory_path().string(), file_.string());
  }

 private:
  fs::path file_;
};

Result<jinja::Rendering> render(const std::string& source, const Json& messages, const std::string& field) {
  const Result<ChatTemplate> t = OneTemplate(source).load();
  REQUIRE_MESSAGE(t.ok(), t.status().message());
  return t.value().render({.messages = &messages, .continue_field = field}, std::tm{});
}

TEST_CASE("a last message is continued where transformers continues it") {
  std::ifstream file(std::string(QUIRE_TEST_DATA) + "/text/jinja_goldens/continued.jsonl");
  int cut = 0, refused = 0;
  for (std::string line; std::getline(file, line);) {
    const Result<Json> golden = parse_json(line);
    REQUIRE(golden.ok());
    const Json *text = golden.value().find("text"), *given = golden.value().find("continue");
    const auto got = render(*golden.value().find("template")->string(), *golden.value().find("messages"),
                            given->string() ? *given->string() : "content");
    INFO(line);
    INFO((got.ok() ? got.value().text : got.status().message()));
    CHECK(got.ok() == (text != nullptr));
    if (got.ok() && text) CHECK(got.value().text == *text->string());
    ++(got.ok() ? cut : refused);
  }
  CHECK(cut > 100);
  CHECK(refused > 100);
}

TEST_CASE("what is plain ends where the rendering does") {
  const Result<Json> messages =
      parse_json(R"([{"role":"user","content":"hi"},{"role":"assistant","content":"The <s> sky  "}])");
  const auto r =
      render("{% for m in messages %}[{{ m.content|trim }}]{% endfor %}", messages.value(), "content");
  REQUIRE(r.ok());
  CHECK(r.value().text == "[hi][The <s> sky");
  REQUIRE(r.value().plain.size() == 2);
  CHECK(r.value().plain[1].begin == 5);
  CHECK(r.value().plain[1].end == r.value().text.size());
}

}  // namespace
}  // namespace quire
