// How a request ends when it does not end by itself: the client goes, the deadline comes, logits or the
// device fail, the server goes down; and the line of the log that each leaves.
#include <doctest/doctest.h>

#include "tests/serve/api/desk.h"

namespace quire::serve {
namespace {

TEST_CASE("a client that goes away frees the engine, streaming or not") {
  for (const char* stream : {"true", "false"}) {
    Desk desk;
    const auto reply = desk.begin(
        "POST", "/v1/completions",
        R"({"prompt":"~","n":3,"temperature":1,"max_tokens":9,"stream":)" + std::string(stream) + "}");
    while (desk.json([&] {
                 auto load = desk.begin("GET", "/load", "");
                 REQUIRE(load->wait());
                 return load;
               }())
               .find("server_load")
               ->integer() != 3) {}
    reply->leave();
    desk.gate().release();  // the step in flight ends; nothing of it is told
    desk.wait_until_idle();
    std::string mine;  // is logged a moment after the engine has done with it
    for (int i = 0; i < 4000 && mine.empty(); ++i) {
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
      for (const std::string& line : desk.log())
        if (line.find("completions") != std::string::npos) mine = line;
    }
    CHECK(mine.find(R"("status":499)") != std::string::npos);
    CHECK(reply->body().empty());
  }
}

TEST_CASE("a client that left before it was read costs nothing") {
  Desk desk;
  const auto reply = std::make_shared<FakeReply>();
  const auto early = desk.begin("POST", "/v1/completions", R"({"prompt":"a","max_tokens":9})");
  early->leave();
  desk.wait_until_idle();
}

TEST_CASE("a deadline before the first token is a 503, after it the answer is what there is") {
  Desk desk;
  const auto late = desk.begin("POST", "/v1/completions", R"({"prompt":"~","timeout_ms":30,"stream":true})");
  std::this_thread::sleep_for(std::chrono::milliseconds(60));
  desk.gate().release();
  REQUIRE(late->wait());
  CHECK(late->status() == 503);
  CHECK(!late->streams());
  CHECK(text_at(desk.json(late), "error.message").find("timeout") != std::string::npos);
  CHECK(late->header("Retry-After"));
  for (const char* wrong : {"0", "-1", "x", "1e9", "nan", ""}) {
    const auto reply = desk.ask("/v1/completions", R"({"prompt":"a"})", {{"X-Request-Timeout", wrong}});
    CHECK(reply->status() == 400);
    CHECK(text_at(desk.json(reply), "error.param") == "X-Request-Timeout");
  }
  CHECK(desk.ask("/v1/completions", R"({"prompt":"a","timeout_ms":60000})", {{"X-Request-Timeout", "20.5"}})
            ->status() == 200);
}

TEST_CASE("a deadline after the first token ends the answer where it is") {
  for (const char* stream : {"false", "true"}) {
    Desk desk;
    const auto late = desk.begin("POST", "/v1/completions",
                                 R"({"prompt":"^","timeout_ms":400,"stream":)" + std::string(stream) + "}");
    std::this_thread::sleep_for(std::chrono::milliseconds(450));
    desk.gate().release();
    REQUIRE(late->wait());
    CHECK(late->status() == 200);
    const Json v = late->streams() ? desk.events(late).back() : desk.json(late);
    CHECK(text_at(v, "choices.0.finish_reason") == "length");
    CHECK(text_at(v, "choices.0.stop_reason") == "timeout");
    if (!late->streams()) CHECK(text_at(v, "choices.0.text") == "Hel");
  }
}

TEST_CASE("logits that are not finite end that request only, with what there was") {
  Desk desk;
  const auto innocent = desk.begin("POST", "/v1/completions", R"({"prompt":"a"})");
  const Json v = desk.json(desk.ask("/v1/completions", R"({"prompt":"!"})"));
  CHECK(text_at(v, "choices.0.finish_reason") == "error");
  CHECK(text_at(v, "choices.0.text") == "He");
  REQUIRE(innocent->wait());
  CHECK(text_at(desk.json(innocent), "choices.0.finish_reason") == "length");
  const std::vector<Json> events = desk.events(
      desk.ask("/v1/chat/completions", R"({"messages":[{"role":"user","content":"!"}],"stream":true})"));
  CHECK(text_at(events.back(), "choices.0.finish_reason") == "error");
}

TEST_CASE("a lost step is a 500") {
  Desk desk;
  const auto reply = desk.ask("/v1/completions", R"({"prompt":"#","stream":true})");
  CHECK(reply->status() == 500);
  CHECK(text_at(desk.json(reply), "error.type") == "InternalServerError");
  CHECK(desk.ask("/v1/completions", R"({"prompt":"a"})")->status() == 200);
}

TEST_CASE("a key beyond its limit gets a 429, a full queue a 503, both with Retry-After") {
  Desk desk({}, {.max_queued_requests = 1, .key_requests = 2});
  desk.key = 1;
  const auto first = desk.begin("POST", "/v1/completions", R"({"prompt":"~"})");
  const auto second = desk.begin("POST", "/v1/completions", R"({"prompt":"~","n":8,"temperature":1})");
  while (desk.admission().counts().sequences < 9) std::this_thread::yield();
  const auto third = desk.ask("/v1/completions", R"({"prompt":"ab"})");
  CHECK(third->status() == 429);
  REQUIRE(third->header("Retry-After"));
  CHECK(text_at(desk.json(third), "error.type") == "RateLimitError");
  desk.key = 2;
  const auto full = desk.ask("/v1/completions", R"({"prompt":"ab"})");
  CHECK(full->status() == 503);
  CHECK(full->header("Retry-After"));
  CHECK(text_at(desk.json(full), "error.code") == "503");
  desk.gate().release();
  REQUIRE(first->wait());
  REQUIRE(second->wait());
  CHECK(second->status() == 200);
  CHECK(desk.ask("/v1/completions", R"({"prompt":"ab"})")->status() == 200);
  desk.wait_until_idle();
}

TEST_CASE("what requests did is in the metrics") {
  Desk desk;
  (void)desk.ask("/v1/completions", R"({"prompt":"ab","max_tokens":3})");
  const std::string text = desk.metrics();
  CHECK(text.find(
            "vllm:request_success_total{engine=\"0\",finished_reason=\"length\",model_name=\"tiny\"} 1") !=
        std::string::npos);
  CHECK(text.find("vllm:time_to_first_token_seconds_count{engine=\"0\",model_name=\"tiny\"} 1") !=
        std::string::npos);
  CHECK(text.find("vllm:inter_token_latency_seconds_count{engine=\"0\",model_name=\"tiny\"} 2") !=
        std::string::npos);
}

TEST_CASE("keys and salts do not share prefixes") {
  Desk desk;
  const auto cached = [&](int32_t key, std::string_view more) {
    desk.key = key;
    return text_at(desk.json(desk.ask("/v1/completions", R"({"prompt":"abcdefghijkl","max_tokens":1)" +
                                                             std::string(more) + "}")),
                   "usage.prompt_tokens_details.cached_tokens");
  };
  CHECK(cached(1, "") == "0");
  CHECK(cached(1, "") == "12");
  CHECK(cached(2, "") == "0");
  CHECK(cached(1, R"(,"cache_salt":"s")") == "0");
  CHECK(cached(1, R"(,"cache_salt":"s")") == "12");
  CHECK(cached(2, R"(,"cache_salt":"s")") == "0");
}

TEST_CASE("every request leaves one line in the log, without its prompt unless asked") {
  for (const bool prompts : {false, true}) {
    ApiSettings settings;
    settings.log_prompts = prompts;
    Desk desk(std::move(settings));
    (void)desk.ask("/v1/completions", R"({"prompt":"secret","max_tokens":3})",
                   {{"X-Request-Id", "a\"\n\x1b[0m"}});
    (void)desk.ask("/v1/completions", R"({"prompt":"secret","top_p":9})");
    (void)desk.ask("/tokenize", R"({"prompt":"secret"})");
    const std::vector<std::string> log = desk.log();
    REQUIRE(log.size() == 3);
    for (const std::string& line : log) {
      CHECK(line.ends_with("}\n"));
      CHECK(parse_json(std::string_view(line).substr(0, line.size() - 1)).ok());
      CHECK(line.find('\x1b') == std::string::npos);
    }
    CHECK((log[0].find("secret") != std::string::npos) == prompts);
    CHECK(log[1].find("secret") == std::string::npos);
    CHECK(log[0].find(R"("status":200,"stream":false,"choices":1,"prompt_tokens":7,"completion_tokens":3)") !=
          std::string::npos);
    CHECK(log[0].find(R"("ttft_s":)") != std::string::npos);
    CHECK(log[1].find(R"("status":400)") != std::string::npos);
    CHECK(log[1].find(R"("param":"top_p")") != std::string::npos);
  }
}

}  // namespace
}  // namespace quire::serve
