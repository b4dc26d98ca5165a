// POST /v1/completions: prompts in every form, echo, logprobs, best_of.
#include <doctest/doctest.h>

#include "tests/serve/api/desk.h"

namespace quire::serve {
namespace {

TEST_CASE("prompts may be a text, texts, token ids, or lists of them") {
  Desk desk;
  const auto ask = [&](std::string_view prompt) {
    return desk.json(desk.ask("/v1/completions", R"({"max_tokens":5,"prompt":)" + std::string(prompt) + "}"));
  };
  const Json one = ask(R"("abc")");
  CHECK(text_at(one, "object") == "text_completion");
  CHECK(text_at(one, "id").starts_with("cmpl-"));
  CHECK(text_at(one, "choices.0.text") == "Hello");
  CHECK(text_at(one, "choices.0.logprobs") == "null");
  CHECK(text_at(one, "usage.prompt_tokens") == "4");  // with the special token
  const Json two = ask(R"(["abc","de"])");
  CHECK(at(two, "choices")->array()->size() == 2);
  CHECK(text_at(two, "choices.1.index") == "1");
  CHECK(text_at(two, "usage.prompt_tokens") == "7");
  CHECK(text_at(ask("[97,98]"), "usage.prompt_tokens") == "2");
  CHECK(text_at(ask("[[97,98],[99]]"), "usage.prompt_tokens") == "3");
  CHECK(at(ask("[[97,98],[99]]"), "choices")->array()->size() == 2);
  CHECK(text_at(desk.json(desk.ask("/v1/completions", R"({"prompt":"x"})")), "usage.completion_tokens") ==
        "16");
  for (const char* wrong : {"[]", "[[]]", "5", "{}", "[1,\"a\"]", "[\"a\",1]", "[[1],\"a\"]", "[-1]", "[140]",
                            "[[1.5]]", "true", "[null]", "\"\\u00e9\""}) {
    CAPTURE(wrong);
    const auto reply = desk.ask("/v1/completions", R"({"prompt":)" + std::string(wrong) + "}");
    CHECK(reply->status() == 400);
    CHECK(text_at(desk.json(reply), "error.param") == "prompt");
  }
  CHECK(text_at(desk.json(desk.ask("/v1/completions", "{}")), "error.param") == "prompt");
}

TEST_CASE("echo brings the prompt back, with its logprobs, with or without an answer") {
  Desk desk;
  const Json v =
      desk.json(desk.ask("/v1/completions", R"({"prompt":"ab","echo":true,"max_tokens":2,"logprobs":1})"));
  CHECK(text_at(v, "choices.0.text") == "abHe");
  CHECK(text_at(v, "choices.0.logprobs.tokens") == R"(["<s>","a","b","H","e"])");
  CHECK(text_at(v, "choices.0.logprobs.text_offset") == "[0,3,4,5,6]");
  CHECK(text_at(v, "choices.0.logprobs.token_logprobs") == "[null,-0.5,-0.5,-0.5,-0.5]");
  CHECK(text_at(v, "choices.0.logprobs.top_logprobs.0") == "null");
  CHECK(text_at(v, "choices.0.logprobs.top_logprobs.4") == R"({"e":-0.5})");
  CHECK(text_at(v, "usage.completion_tokens") == "2");

  const Json none =
      desk.json(desk.ask("/v1/completions", R"({"prompt":[97,98],"echo":true,"max_tokens":0,"logprobs":0})"));
  CHECK(text_at(none, "choices.0.text") == "ab");
  CHECK(text_at(none, "choices.0.logprobs.tokens") == R"(["a","b"])");
  CHECK(text_at(none, "choices.0.finish_reason") == "length");
  CHECK(text_at(none, "usage.completion_tokens") == "0");

  std::string text;
  for (const Json& e : desk.events(
           desk.ask("/v1/completions", R"({"prompt":"ab","echo":true,"max_tokens":3,"stream":true})")))
    text += text_at(e, "choices.0.text");
  CHECK(text == "abHel");
}

TEST_CASE("best_of makes more than it shows") {
  Desk desk;
  const Json v = desk.json(
      desk.ask("/v1/completions", R"({"prompt":"ab","best_of":3,"n":2,"max_tokens":2,"temperature":1})"));
  CHECK(at(v, "choices")->array()->size() == 2);
  CHECK(text_at(v, "choices.1.index") == "1");
  CHECK(text_at(v, "choices.0.logprobs") == "null");
  CHECK(text_at(v, "usage.completion_tokens") == "6");
  const auto wrong = [&](std::string_view more) {
    return text_at(desk.json(desk.ask("/v1/completions", R"({"prompt":"ab",)" + std::string(more) + "}")),
                   "error.param");
  };
  CHECK(wrong(R"("best_of":1,"n":2,"temperature":1)") == "best_of");
  CHECK(wrong(R"("best_of":2,"stream":true,"temperature":1)") == "best_of");
  CHECK(wrong(R"("suffix":"end")") == "suffix");
  CHECK(wrong(R"("prompt_embeds":"x")") == "prompt_embeds");
  CHECK(wrong(R"("logprobs":21)") == "logprobs");
  CHECK(desk.ask("/v1/completions", R"({"prompt":"ab","suffix":"","best_of":1,"max_tokens":1})")->status() ==
        200);
}

TEST_CASE("a prompt is cut from the left or the right, and stop tokens are named") {
  Desk desk;
  const auto ask = [&](std::string_view more) {
    return desk.json(desk.ask("/v1/completions",
                              R"({"prompt":"abcdef","max_tokens":1,"echo":true,"add_special_tokens":false,)" +
                                  std::string(more) + "}"));
  };
  CHECK(text_at(ask(R"("truncate_prompt_tokens":2)"), "choices.0.text") == "efH");
  CHECK(text_at(ask(R"("truncate_prompt_tokens":2,"truncation_side":"right")"), "choices.0.text") == "abH");
  CHECK(text_at(ask(R"("truncate_prompt_tokens":-1)"), "choices.0.text") == "abcdefH");
  CHECK(text_at(ask(R"("truncate_prompt_tokens":0)"), "error.param") == "truncate_prompt_tokens");
  const Json v = desk.json(
      desk.ask("/v1/completions", R"({"prompt":"a","stop_token_ids":[108],"return_token_ids":true})"));
  CHECK(text_at(v, "choices.0.text") == "He");
  CHECK(text_at(v, "choices.0.stop_reason") == "108");
  CHECK(text_at(v, "choices.0.token_ids") == "[72,101,108]");
  CHECK(text_at(v, "choices.0.prompt_token_ids") == "[0,97]");
  const Json kept = desk.json(
      desk.ask("/v1/completions",
               R"({"prompt":"a","stop":["ll"],"include_stop_str_in_output":true,"request_id":"mine-1"})"));
  CHECK(text_at(kept, "choices.0.text") == "Hell");
  CHECK(text_at(kept, "choices.0.stop_reason") == "ll");
  CHECK(text_at(kept, "id") == "cmpl-mine-1");
  const Json scored =
      desk.json(desk.ask("/v1/completions", R"({"prompt":"ab","max_tokens":1,"prompt_logprobs":0})"));
  CHECK(text_at(scored, "choices.0.prompt_logprobs.2") ==
        R"({"98":{"logprob":-0.5,"rank":1,"decoded_token":"b"}})");
}

}  // namespace
}  // namespace quire::serve
