// POST /v1/chat/completions, whole and streamed: OpenAI's form with vLLM's extras.
#include <doctest/doctest.h>

#include "tests/serve/api/desk.h"

namespace quire::serve {
namespace {

constexpr const char* kHi = R"("messages":[{"role":"user","content":"hi"}])";
std::string body(std::string_view more = {}) { return "{" + std::string(kHi) + std::string(more) + "}"; }

TEST_CASE("a chat is answered whole") {
  Desk desk;
  const auto reply = desk.ask("/v1/chat/completions", body(R"(,"max_tokens":5)"));
  CHECK(reply->status() == 200);
  REQUIRE(reply->header("Content-Type"));
  CHECK(*reply->header("Content-Type") == "application/json");
  const Json v = desk.json(reply);
  CHECK(text_at(v, "object") == "chat.completion");
  CHECK(text_at(v, "id").starts_with("chatcmpl-"));
  CHECK(text_at(v, "model") == "tiny");
  CHECK(text_at(v, "choices.0.message.role") == "assistant");
  CHECK(text_at(v, "choices.0.message.content") == "Hello");
  CHECK(text_at(v, "choices.0.finish_reason") == "length");
  CHECK(text_at(v, "choices.0.stop_reason") == "null");
  CHECK(text_at(v, "usage.prompt_tokens") == "12");  // <user>hi\n<a>
  CHECK(text_at(v, "usage.completion_tokens") == "5");
  CHECK(text_at(v, "usage.total_tokens") == "17");
  CHECK(text_at(v, "usage.prompt_tokens_details.cached_tokens") == "0");
  // The second time its first blocks are found.
  const Json again = desk.json(desk.ask("/v1/chat/completions", body(R"(,"max_completion_tokens":2)")));
  CHECK(text_at(again, "usage.prompt_tokens_details.cached_tokens") == "8");
  CHECK(text_at(again, "choices.0.message.content") == "He");
}

TEST_CASE("without a length the answer has the rest of the context, and ends by itself") {
  Desk desk;
  const Json v = desk.json(desk.ask("/v1/chat/completions", body()));
  CHECK(text_at(v, "choices.0.message.content") == ScriptRunner::kScript);
  CHECK(text_at(v, "choices.0.finish_reason") == "stop");
  const Json endless = desk.json(desk.ask("/v1/chat/completions", body(R"(,"ignore_eos":true)")));
  CHECK(text_at(endless, "usage.total_tokens") == "200");
}

TEST_CASE("a stream has a role, pieces, an end, usage if asked for, and [DONE]") {
  Desk desk;
  const auto reply = desk.ask("/v1/chat/completions",
                              body(R"(,"stream":true,"stream_options":{"include_usage":true},"stop":"wor")"));
  CHECK(reply->streams());
  CHECK(*reply->header("Content-Type") == "text/event-stream; charset=utf-8");
  const std::vector<Json> all = desk.events(reply);
  REQUIRE(all.size() >= 3);
  CHECK(text_at(all[0], "object") == "chat.completion.chunk");
  CHECK(text_at(all[0], "choices.0.delta.role") == "assistant");
  CHECK(text_at(all[0], "choices.0.delta.content") == "");
  std::string text;
  for (size_t i = 1; i + 1 < all.size(); ++i) {
    CHECK(text_at(all[i], "choices.0.delta.role") == "(none)");
    CHECK(!at(all[i], "usage"));
    if (const Json* piece = at(all[i], "choices.0.delta.content")) text += *piece->string();
    CHECK((text_at(all[i], "choices.0.finish_reason") == "null") == (i + 2 < all.size()));
  }
  CHECK(text == "Hello, ");
  CHECK(text_at(all[all.size() - 2], "choices.0.finish_reason") == "stop");
  CHECK(text_at(all[all.size() - 2], "choices.0.stop_reason") == "wor");
  CHECK(at(all.back(), "choices")->array()->empty());
  CHECK(text_at(all.back(), "usage.completion_tokens") == "10");
}

TEST_CASE("usage may come with every piece") {
  Desk desk;
  const auto reply = desk.ask(
      "/v1/chat/completions",
      body(
          R"(,"stream":true,"max_tokens":3,"stream_options":{"include_usage":true,"continuous_usage_stats":true})"));
  for (const Json& v : desk.events(reply)) CHECK(text_at(v, "usage.prompt_tokens") == "12");
}

TEST_CASE("logprobs, token ids and prompt text are listed where asked for") {
  Desk desk;
  const std::string more =
      R"(,"max_tokens":2,"logprobs":true,"top_logprobs":2,"return_token_ids":true,"return_prompt_text":true)";
  const Json v = desk.json(desk.ask("/v1/chat/completions", body(more)));
  CHECK(at(v, "choices.0.logprobs.content")->array()->size() == 2);
  CHECK(text_at(v, "choices.0.logprobs.content.0.token") == "H");
  CHECK(text_at(v, "choices.0.logprobs.content.0.logprob") == "-0.5");
  CHECK(text_at(v, "choices.0.logprobs.content.0.bytes") == "[72]");
  CHECK(at(v, "choices.0.logprobs.content.0.top_logprobs")->array()->size() == 2);
  CHECK(text_at(v, "choices.0.logprobs.content.0.top_logprobs.1.token") == "b");
  CHECK(text_at(v, "choices.0.token_ids") == "[72,101]");
  CHECK(at(v, "prompt_token_ids")->array()->size() == 12);
  CHECK(text_at(v, "prompt_text") == "<user>hi\n<a>");

  std::string tokens;
  for (const Json& chunk : desk.events(desk.ask("/v1/chat/completions", body(more + R"(,"stream":true)"))))
    if (const Json* list = at(chunk, "choices.0.logprobs.content"))
      for (const Json& one : *list->array()) tokens += text_at(one, "token");
  CHECK(tokens == "He");

  const Json ids = desk.json(desk.ask(
      "/v1/chat/completions",
      body(R"(,"max_tokens":1,"logprobs":true,"return_tokens_as_token_ids":true,"prompt_logprobs":1)")));
  CHECK(text_at(ids, "choices.0.logprobs.content.0.token") == "token_id:72");
  CHECK(text_at(ids, "prompt_logprobs.0") == "null");
  CHECK(text_at(ids, "prompt_logprobs.1.117.rank") == "1");
}

TEST_CASE("messages come in every form that OpenAI has for text") {
  Desk desk;
  const auto prompt = [&](std::string_view fields) {
    const auto reply = desk.ask("/v1/chat/completions",
                                "{" + std::string(fields) + R"(,"max_tokens":1,"return_prompt_text":true})");
    INFO(reply->body());
    REQUIRE(reply->status() == 200);
    return text_at(desk.json(reply), "prompt_text");
  };
  CHECK(
      prompt(
          R"("messages":[{"role":"developer","content":"a"},{"role":"user","content":[{"type":"text","text":"b"},{"type":"text","text":"c"}]}])") ==
      "<system>a\n<user>b\nc\n<a>");
  CHECK(
      prompt(
          R"("messages":[{"role":"user","content":"q"},{"role":"assistant","content":null,"tool_calls":[{"id":"1","type":"function","function":{"name":"f","arguments":"{\"x\":5}"}}]},{"role":"tool","tool_call_id":"1","content":"r"}],"tools":[{"type":"function","function":{"name":"f"}}],"tool_choice":"auto","parallel_tool_calls":false)")
          .find("f(5)") != std::string::npos);
  CHECK(prompt(std::string(kHi) +
               R"(,"tools":[],"chat_template_kwargs":{"mood":"M"},"reasoning_effort":"low")") ==
        "<user>hi\nMlow<a>");
  CHECK(prompt(std::string(kHi) + R"(,"add_generation_prompt":false)") == "<user>hi\n");
  CHECK(
      prompt(
          R"("messages":[{"role":"user","content":"q"},{"role":"assistant","content":"so"}],"continue_final_message":true)") ==
      "<user>q\n<assistant>so");
  CHECK(prompt(std::string(kHi) +
               R"(,"response_format":{"type":"text"},"user":"u","metadata":{"a":"b"},"store":true,)"
               R"("service_tier":"auto","unheard_of":[1],"bad_words":[],"logit_bias":{},"stop":null)") ==
        "<user>hi\n<a>");
}

TEST_CASE("n answers are told apart, whole and streamed") {
  Desk desk;
  const std::string more = R"(,"n":3,"max_tokens":4,"temperature":1)";
  const Json v = desk.json(desk.ask("/v1/chat/completions", body(more)));
  CHECK(at(v, "choices")->array()->size() == 3);
  CHECK(text_at(v, "choices.2.index") == "2");
  CHECK(text_at(v, "usage.prompt_tokens") == "12");
  CHECK(text_at(v, "usage.completion_tokens") == "12");
  std::string texts[3];
  for (const Json& chunk : desk.events(desk.ask("/v1/chat/completions", body(more + R"(,"stream":true)"))))
    if (const Json* piece = at(chunk, "choices.0.delta.content"))
      texts[std::stoul(text_at(chunk, "choices.0.index"))] += *piece->string();
  for (const std::string& text : texts) CHECK(text == "Hell");
}

TEST_CASE("what is wrong is refused by name, in the one shape") {
  Desk desk;
  struct Case {
    std::string_view more, param;
    int status = 400;
    std::string_view type = "BadRequestError";
  };
  constexpr std::string_view kNot = "NotImplementedError";
  const Case cases[] = {
      {R"("temperature":-1)", "temperature"},
      {R"("top_p":0)", "top_p"},
      {R"("top_p":"1")", "top_p"},
      {R"("n":0)", "n"},
      {R"("n":129)", "n"},
      {R"("n":2)", "n"},  // greedy
      {R"("max_tokens":0)", "max_tokens"},
      {R"("max_tokens":1.5)", "max_tokens"},
      {R"("max_tokens":2147483648)", "max_tokens"},
      {R"("max_tokens":190)", "messages"},
      {R"("min_tokens":9,"max_tokens":5)", "min_tokens"},
      {R"("top_logprobs":2)", "top_logprobs"},
      {R"("logprobs":true,"top_logprobs":21)", "logprobs"},
      {R"("logprobs":5)", "logprobs"},
      {R"("stream_options":{"include_usage":true})", "stream_options"},
      {R"("stream":true,"prompt_logprobs":1)", "prompt_logprobs"},
      {R"("stop":[""])", "stop"},
      {R"("stop":["1","2","3","4","5","6","7","8","9","10","11","12","13","14","15","16","17"])", "stop"},
      {R"("logit_bias":{"x":1})", "logit_bias"},
      {R"("logit_bias":{"140":1})", "logit_bias"},
      {R"("seed":"5")", "seed"},
      {R"("request_id":"a b")", "request_id"},
      {R"("cache_salt":"")", "cache_salt"},
      {R"("timeout_ms":0)", "timeout_ms"},
      {R"("model":"nobody")", "model", 404, "NotFoundError"},
      {R"("chat_template":"{{ 1 }}")", "chat_template"},
      {R"("chat_template_kwargs":{"messages":1})", "messages"},
      {R"("tools":[{"type":"other"}])", "tools"},
      {R"("tools":[{"type":"function","function":{"name":"f","parameters":5}}])", "tools"},
      {R"("tool_choice":"required","tools":[{"type":"function","function":{"name":"f"}}])", "tool_choice",
       400, kNot},
      {R"("response_format":{"type":"json_object"})", "response_format", 400, kNot},
      {R"("structured_outputs":{"regex":"a"})", "structured_outputs", 400, kNot},
      {R"("bad_words":["x"])", "bad_words", 400, kNot},
      {R"("use_beam_search":true)", "use_beam_search", 400, kNot},
      {R"("modalities":["text","audio"])", "modalities", 400, kNot},
      {R"("add_generation_prompt":true,"continue_final_message":true)", "continue_final_message"},
  };
  for (const Case& c : cases) {
    CAPTURE(c.more);
    const auto reply = desk.ask("/v1/chat/completions", body("," + std::string(c.more)));
    CAPTURE(reply->body());
    CHECK(reply->status() == c.status);
    const Json v = desk.json(reply);
    CHECK(text_at(v, "error.param") == c.param);
    CHECK(text_at(v, "error.type") == c.type);
    CHECK(text_at(v, "error.code") == std::to_string(c.status));
    CHECK(text_at(v, "error.message").size() > 10);
  }
  for (const char* messages :
       {"[]", "5", "[5]", R"([{"content":"x"}])", R"([{"role":"user","content":5}])",
        R"([{"role":"user","content":[{"type":"image_url","image_url":{"url":"x"}}]}])",
        R"([{"role":"assistant","tool_calls":[{"function":{"name":"f","arguments":"{"}}]}])"}) {
    CAPTURE(messages);
    const auto reply = desk.ask("/v1/chat/completions", R"({"messages":)" + std::string(messages) + "}");
    CHECK(reply->status() == 400);
    CHECK(text_at(desk.json(reply), "error.param") == "messages");
  }
  CHECK(desk.ask("/v1/chat/completions", "{}")->status() == 400);
  for (const char* bad : {"", "[]", "{", "nonsense", "{\"a\":1,\"a\":2}", "\xEF\xBB\xBF{}", "{} x"})
    CHECK(desk.ask("/v1/chat/completions", bad)->status() == 400);
}

TEST_CASE("a body must say that it is JSON, and may not be too deep or too wide") {
  Desk desk;
  for (const std::vector<Header>& headers : {std::vector<Header>{},
                                             {{"Content-Type", "text/plain"}},
                                             {{"Content-Type", "application/x-www-form-urlencoded"}}}) {
    const auto reply = desk.begin("POST", "/v1/chat/completions", body(), headers);
    REQUIRE(reply->wait());
    CHECK(reply->status() == 415);
  }
  CHECK(desk.ask("/v1/chat/completions", std::string(100000, '['))->status() == 400);
  std::string wide = "{\"a\":0";
  for (int i = 0; i < 5000; ++i) wide += ",\"k" + std::to_string(i) + "\":0";
  CHECK(text_at(desk.json(desk.ask("/v1/chat/completions", wide + "}")), "error.message").find("4096 keys") !=
        std::string::npos);
}

}  // namespace
}  // namespace quire::serve
