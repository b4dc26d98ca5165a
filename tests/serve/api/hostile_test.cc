// What strangers send: numbers of every kind in every field, JSON that is odd or too much, identifiers that
// are not. Always an answer, never a 5xx, and an innocent request has the same bytes after it all.
#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "tests/serve/api/desk.h"

namespace quire::serve {
namespace {

std::string innocent(Desk& desk) {
  return text_at(desk.json(desk.ask("/v1/completions", R"({"prompt":"abc","max_tokens":9,"seed":1})")),
                 "choices");
}

TEST_CASE("a number of any kind in any field is taken or refused by name") {
  Desk desk;
  const std::string before = innocent(desk);
  const char* const fields[] = {"n",
                                "best_of",
                                "max_tokens",
                                "logprobs",
                                "top_k",
                                "seed",
                                "temperature",
                                "top_p",
                                "min_p",
                                "presence_penalty",
                                "frequency_penalty",
                                "repetition_penalty",
                                "min_tokens",
                                "prompt_logprobs",
                                "priority",
                                "timeout_ms",
                                "logit_bias",
                                "stop",
                                "stop_token_ids",
                                "allowed_token_ids",
                                "cache_salt",
                                "request_id",
                                "stream",
                                "stream_options",
                                "echo",
                                "model",
                                "ignore_eos",
                                "truncate_prompt_tokens",
                                "prompt"};
  const char* const values[] = {"-1",
                                "0",
                                "1",
                                "2147483647",
                                "2147483648",
                                "9223372036854775808",
                                "-9223372036854775809",
                                "1e308",
                                "1e400",
                                "-1e400",
                                "5e-324",
                                "1.5",
                                "\"5\"",
                                "true",
                                "[]",
                                "{}",
                                "[[]]",
                                "[-1]",
                                "[1e9]",
                                "{\"a\":1}",
                                "{\"1\":\"x\"}",
                                "\"\\u0000\"",
                                "\"\\ud800\"",
                                "NaN",
                                "Infinity",
                                "-0",
                                "01",
                                "0x10",
                                "''"};
  for (const char* field : fields)
    for (const char* value : values) {
      CAPTURE(field);
      CAPTURE(value);
      const std::string prompt = std::string_view(field) == "prompt" ? "" : R"("prompt":"a",)";
      const auto reply = desk.ask("/v1/completions", "{" + prompt + "\"" + field + "\":" + value + "}");
      REQUIRE((reply->status() == 200 || (reply->status() >= 400 && reply->status() < 500)));
      if (reply->status() == 200) continue;
      const Json v = desk.json(reply);
      const std::string param = text_at(v, "error.param"), message = text_at(v, "error.message");
      // Either the field is named, or it was no JSON.
      CHECK((param != "null" || message.starts_with("the body is not valid JSON")));
    }
  CHECK(innocent(desk) == before);
}

TEST_CASE("lengths at the edge of the context") {
  Desk desk;  // 200
  const auto status = [&](size_t prompt, int answer) {
    return desk
        .ask("/v1/completions", R"({"add_special_tokens":false,"prompt":")" + std::string(prompt, 'a') +
                                    R"(","max_tokens":)" + std::to_string(answer) + "}")
        ->status();
  };
  CHECK(status(199, 1) == 200);
  CHECK(status(200, 1) == 400);
  CHECK(status(201, 1) == 400);
  CHECK(status(198, 2) == 200);
  CHECK(status(198, 3) == 400);
  CHECK(status(0, 1) == 400);
}

TEST_CASE("bodies that are odd or too much") {
  Desk desk;
  const std::string before = innocent(desk);
  const std::string deep = R"({"prompt":"a","x":)" + std::string(70, '[') + std::string(70, ']') + "}";
  std::string messages = R"({"messages":[)";
  for (int i = 0; i < 100000; ++i) messages += R"({"role":"user","content":"m"},)";
  messages += R"({"role":"user","content":"m"}]})";
  std::string tools = R"({"messages":[{"role":"user","content":"m"}],"tools":[)";
  for (int i = 0; i < 1000; ++i) tools += R"({"type":"function","function":{"name":"f"}},)";
  tools += R"({"type":"function","function":{"name":"f"}}]})";
  std::string biases = R"({"prompt":"a","logit_bias":{)";
  for (int i = 0; i < 2000; ++i) biases += "\"" + std::to_string(i) + "\":1,";
  biases += "\"9999\":1}}";
  std::string stops = R"({"prompt":"a","stop":[")" + std::string(300, 'x') + "\"]}";
  std::string many = R"({"temperature":1,"prompt":["a")";
  for (int i = 0; i < 1024; ++i) many += ",\"a\"";
  many += "]}";
  for (const std::string& body :
       {deep, biases, stops, many,
        std::string(R"({"temperature":1,"n":128,"prompt":["a","a","a","a","a","a","a","a","a"]})"),
        std::string("{\"prompt\":\"a\"}\0", 15), std::string("{\"prompt\":\"\xff\"}"),
        std::string("\xFE\xFF{}"), std::string("{\"prompt\":\"a\"}{}"), std::string(1 << 20, ' ')}) {
    CAPTURE(body.substr(0, 80));
    CHECK(desk.ask("/v1/completions", body)->status() == 400);
  }
  for (const std::string& body : {messages, tools})
    CHECK(desk.ask("/v1/chat/completions", body)->status() == 400);
  CHECK(innocent(desk) == before);
}

TEST_CASE("text of special tokens stays text, and template variables cannot be taken over") {
  Desk desk;
  for (const char* kwargs : {R"({"messages":[]})", R"({"tools":[]})", R"({"add_generation_prompt":false})",
                             R"({"raise_exception":1})", R"({"loop":1})", "5", "[]"})
    CHECK(desk.ask("/v1/chat/completions",
                   R"({"messages":[{"role":"user","content":"x"}],"chat_template_kwargs":)" +
                       std::string(kwargs) + "}")
              ->status() == 400);
  const Json v = desk.json(desk.ask("/tokenize", R"({"messages":[{"role":"user","content":"<s>"}]})"));
  for (const Json& id : *at(v, "tokens")->array()) CHECK(id.integer() != 0);
}

TEST_CASE("equal request ids are two requests, and each gets its own answer") {
  Desk desk;
  const auto begin = [&](std::string_view prompt) {
    return desk.begin(
        "POST", "/v1/completions",
        R"({"request_id":"same","echo":true,"max_tokens":3,"prompt":")" + std::string(prompt) + "\"}",
        {{"Content-Type", "application/json"}, {"X-Request-Id", "same"}});
  };
  std::vector<std::shared_ptr<FakeReply>> replies;
  for (int i = 0; i < 20; ++i) replies.push_back(begin("marker " + std::to_string(i) + "."));
  for (size_t i = 0; i < replies.size(); ++i) {
    REQUIRE(replies[i]->wait());
    CHECK(text_at(desk.json(replies[i]), "choices.0.text") == "marker " + std::to_string(i) + ".Hel");
  }
}

TEST_CASE("clients that leave at any time, in storms, leave nothing behind") {
  Desk desk;
  const std::string before = innocent(desk);
  std::vector<std::shared_ptr<FakeReply>> replies;
  for (int i = 0; i < 300; ++i) {
    const std::string more = i % 3 == 0 ? R"(,"stream":true)" : i % 3 == 1 ? R"(,"n":2,"temperature":1)" : "";
    replies.push_back(desk.begin("POST", "/v1/completions",
                                 R"({"ignore_eos":true,"max_tokens":)" + std::to_string(1 + i % 60) +
                                     R"(,"prompt":"p)" + std::to_string(i) + "\"" + more + "}"));
    if (i % 2 == 0) replies[static_cast<size_t>(i) / 2]->leave();
    if (i % 7 == 0) std::this_thread::sleep_for(std::chrono::microseconds(300));
  }
  for (size_t i = 150; i < replies.size(); ++i) CHECK(replies[i]->wait());
  desk.wait_until_idle();
  CHECK(innocent(desk) == before);
  for (int i = 0; i < 2000 && desk.admission().counts().sequences > 0; ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  CHECK(desk.admission().counts().sequences == 0);
  CHECK(desk.admission().counts().waiting_tokens == 0);
}

// Every two of these together: whole and streamed answers are the same text, and nothing fails.
TEST_CASE("every two features work together") {
  Desk desk;
  const char* const features[] = {R"("n":2)",
                                  R"("logprobs":2)",
                                  R"("stop":["or"])",
                                  R"("stop_token_ids":[119])",
                                  R"("include_stop_str_in_output":true)",
                                  R"("seed":5)",
                                  R"("presence_penalty":1)",
                                  R"("frequency_penalty":1)",
                                  R"("repetition_penalty":1.2)",
                                  R"("min_tokens":6)",
                                  R"("ignore_eos":true)",
                                  R"("max_tokens":14)",
                                  R"("echo":true)",
                                  R"("logit_bias":{"97":-5})",
                                  R"("allowed_token_ids":[0,72,101,108,111,44,32,119,114,100,46,66,121])",
                                  R"("return_token_ids":true)",
                                  R"("return_tokens_as_token_ids":true)",
                                  R"("skip_special_tokens":false)",
                                  R"("truncate_prompt_tokens":3)",
                                  R"("priority":-3)",
                                  R"("cache_salt":"x")",
                                  R"("timeout_ms":60000)",
                                  R"("top_k":5)",
                                  R"("top_p":0.5)",
                                  R"("min_p":0.1)"};
  const size_t count = std::size(features);
  for (size_t i = 0; i < count; ++i)
    for (size_t j = i + 1; j < count; ++j) {
      const std::string body = R"({"prompt":["some prompt","other"],"temperature":0.8,)" +
                               std::string(features[i]) + ',' + features[j];
      CAPTURE(body);
      const auto whole = desk.ask("/v1/completions", body + "}");
      REQUIRE(whole->status() == 200);
      const Json v = desk.json(whole);
      const auto stream =
          desk.ask("/v1/completions", body + R"(,"stream":true,"stream_options":{"include_usage":true}})");
      REQUIRE(stream->status() == 200);
      std::vector<std::string> texts(at(v, "choices")->array()->size()), ends(texts.size());
      const std::vector<Json> events = desk.events(stream);
      for (size_t e = 0; e + 1 < events.size(); ++e) {
        const size_t index = std::stoul(text_at(events[e], "choices.0.index"));
        texts[index] += text_at(events[e], "choices.0.text");
        ends[index] = text_at(events[e], "choices.0.finish_reason");
      }
      for (size_t c = 0; c < texts.size(); ++c) {
        CHECK(texts[c] == text_at(v, "choices." + std::to_string(c) + ".text"));
        CHECK(ends[c] == text_at(v, "choices." + std::to_string(c) + ".finish_reason"));
      }
      CHECK(text_at(events.back(), "usage.completion_tokens") == text_at(v, "usage.completion_tokens"));
    }
}

}  // namespace
}  // namespace quire::serve
