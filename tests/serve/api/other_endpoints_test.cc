// Tokenize, detokenize, models, version, load, and the OpenAPI document, which must say what the parsers
// read.
#include <doctest/doctest.h>

#include "serve/api/fields.h"
#include "tests/serve/api/desk.h"

namespace quire::serve {
namespace {

TEST_CASE("texts and messages become tokens, tokens texts") {
  Desk desk;
  const Json v = desk.json(desk.ask("/tokenize", R"({"prompt":"ab","return_token_strs":true})"));
  CHECK(text_at(v, "tokens") == "[0,97,98]");
  CHECK(text_at(v, "count") == "3");
  CHECK(text_at(v, "max_model_len") == "200");
  CHECK(at(v, "token_strs")->array()->size() == 3);
  CHECK(text_at(desk.json(desk.ask("/tokenize", R"({"prompt":"ab","add_special_tokens":false})")),
                "tokens") == "[97,98]");
  CHECK(text_at(desk.json(desk.ask("/tokenize", R"({"messages":[{"role":"user","content":"x"}]})")),
                "count") == "11");
  CHECK(text_at(desk.json(desk.ask("/detokenize", R"({"tokens":[97,98,0]})")), "prompt") == "ab<s>");
  for (const char* wrong : {"{}", R"({"prompt":5})", R"({"prompt":"a","messages":[]})", R"({"messages":[]})",
                            R"({"prompt":"a","tools":[5]})", R"({"prompt":"a","reasoning_effort":"x"})"})
    CHECK(desk.ask("/tokenize", wrong)->status() == 400);
  CHECK(desk.ask("/tokenize", R"({"prompt":"a","reasoning_effort":"low"})")->status() == 200);
  for (const char* wrong :
       {"{}", R"({"tokens":5})", R"({"tokens":[140]})", R"({"tokens":[-1]})", R"({"tokens":["a"]})"})
    CHECK(desk.ask("/detokenize", wrong)->status() == 400);
  CHECK(desk.ask("/tokenize", R"({"model":"nobody","prompt":"a"})")->status() == 404);
}

TEST_CASE("models, version and load are told") {
  Desk desk;
  const auto get = [&](std::string_view path) {
    auto reply = desk.begin("GET", path, "", {});
    REQUIRE(reply->wait());
    return reply;
  };
  const Json list = desk.json(get("/v1/models"));
  CHECK(at(list, "data")->array()->size() == 2);
  CHECK(text_at(list, "data.1.id") == "other");
  CHECK(text_at(list, "data.0.max_model_len") == "200");
  CHECK(text_at(desk.json(get("/v1/models/other")), "root") == "folder");
  CHECK(get("/v1/models/nobody")->status() == 404);
  CHECK(text_at(desk.json(get("/version")), "version") == "9.9");
  CHECK(text_at(desk.json(get("/load")), "server_load") == "0");
}

TEST_CASE("the OpenAPI document lists the fields that are read, with schemas that parse") {
  Desk desk;
  const auto reply = desk.begin("GET", "/openapi.json", "", {});
  REQUIRE(reply->wait());
  const Json v = desk.json(reply);
  CHECK(text_at(v, "openapi") == "3.1.0");
  const Json* paths = v.find("paths");
  REQUIRE(paths);
  for (const auto& [path, fields] :
       {std::pair("/v1/chat/completions", chat_fields()), std::pair("/v1/completions", completion_fields()),
        std::pair("/tokenize", tokenize_fields()), std::pair("/detokenize", detokenize_fields())}) {
    const Json* schema = at(*paths->find(path), "post.requestBody.content");
    REQUIRE(schema);
    const Json* properties = at(*schema->find("application/json"), "schema.properties");
    REQUIRE(properties);
    for (const auto& part : fields)
      for (const Field& f : part) {
        CAPTURE(f.name);
        CHECK((properties->find(f.name) != nullptr) == (!find_field(fields, f.name)->schema.empty()));
      }
  }
  CHECK(paths->find("/v1/models/{model}"));
}

}  // namespace
}  // namespace quire::serve
