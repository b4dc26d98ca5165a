// Answers are put together from events in any order and written in the order of the input; they end where a
// stop string says, whatever the engine made beyond it.
#include "cli/collector.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "tests/cli/letters.h"

namespace quire {
namespace {

struct Fixture {
  Letters letters{{"stop", "xst", "op!", "end."}};  // tokens 128 to 131
  std::string out, shown, complaints;
  std::vector<RequestId> cancelled;
  Collector collector{&letters,
                      {.write = [this](std::string_view l) { out += l; },
                       .cancel = [this](RequestId id) { cancelled.push_back(id); }}};

  BatchLine line(const char* id, int32_t n = 1) {
    BatchLine l;
    l.id = Json(id);
    l.prompt = {1, 2, 3};
    l.sampling.n = n;
    return l;
  }
  void feed(std::vector<TokenEvent> events, std::vector<Logprob> logprobs = {}) {
    collector.take(events, logprobs);
    collector.advance();
  }
  TokenEvent token(RequestId id, Token t, Finish finish = Finish::kNone) {
    TokenEvent e;
    e.request = id, e.token = t, e.finish = finish;
    return e;
  }
  std::string usage(int tokens) {
    return R"(,"usage":{"prompt_tokens":3,"completion_tokens":)" + std::to_string(tokens) +
           R"(,"cached_tokens":0}})" + "\n";
  }
};

TEST_CASE_FIXTURE(Fixture, "lines wait for those before them, choices for each other") {
  collector.open(line("a", 2), 10);
  collector.open(line("b"), 12);
  feed({token(12, 'x', Finish::kLength)});
  CHECK(out.empty());
  feed({token(11, 'q', Finish::kLength), token(10, 'p')});
  CHECK(out.empty());
  feed({token(10, 'P', Finish::kLength)});
  const auto answer = [&](const char* id, int i, const char* text, const char* ids, int tokens) {
    return std::string("{\"id\":\"") + id + "\",\"index\":" + std::to_string(i) + ",\"text\":\"" + text +
           "\",\"token_ids\":" + ids + R"(,"finish_reason":"length","stop_reason":null)" + usage(tokens);
  };
  CHECK(out == answer("a", 0, "pP", "[112,80]", 2) + answer("a", 1, "q", "[113]", 1) +
                   answer("b", 0, "x", "[120]", 1));
  CHECK(collector.open_lines() == 0);
  CHECK(collector.bytes() == 0);
  CHECK(collector.counts().lines == 2);
  CHECK(collector.counts().units == 3);
  CHECK(collector.counts().tokens == 4);
  CHECK(collector.counts().begun == 3);
}

TEST_CASE_FIXTURE(Fixture, "refused lines have their place, whoever refused them") {
  BatchLine bad = line("bad");
  bad.refusal = {"top_p must be in (0, 1], got 0.", "top_p"};
  collector.open(line("a"), 5);
  collector.open(std::move(bad), 6);
  collector.open(line("late", 3), 6);
  collector.open(line("z"), 9);
  collector.refuse(6, {"the prompt has no tokens.", "prompt"});
  feed({token(9, 'z', Finish::kLength)});
  CHECK(out.empty());
  feed({token(5, 'a', Finish::kLength)});
  CHECK(out.find(R"("id":"a")") <
        out.find(R"({"id":"bad","error":{"message":"top_p must be in (0, 1], got 0.",)"
                 R"("type":"BadRequestError","param":"top_p"}})"));
  CHECK(out.find(R"({"id":"late","error":{"message":"the prompt has no tokens.")") < out.find(R"("id":"z")"));
  CHECK(collector.counts().refused == 2);
  CHECK(collector.counts().units == 6);
}

TEST_CASE_FIXTURE(Fixture, "an answer ends at the token that completes a stop string") {
  BatchLine l = line("s");
  l.sampling.stop = {"never", "stop"};
  l.sampling.params.logprobs = 0;
  collector.open(std::move(l), 1);
  std::vector<Logprob> logprobs = {{'a', -1, 1}, {129, -2, 1}, {130, -3, 1}, {'b', -4, 1}};
  std::vector<TokenEvent> events = {token(1, 'a'), token(1, 129), token(1, 130), token(1, 'b')};
  for (int32_t i = 0; i < 4; ++i)
    events[static_cast<size_t>(i)].logprobs = i, events[static_cast<size_t>(i)].num_logprobs = 1;
  feed(events, logprobs);
  CHECK(
      out ==
      R"({"id":"s","index":0,"text":"ax","token_ids":[97,129,130],"finish_reason":"stop","stop_reason":"stop",)"
      R"("usage":{"prompt_tokens":3,"completion_tokens":3,"cached_tokens":0},"logprobs":[)"
      R"({"token_id":97,"logprob":-1,"rank":1,"top":[]},{"token_id":129,"logprob":-2,"rank":1,"top":[]},)"
      R"({"token_id":130,"logprob":-3,"rank":1,"top":[]}]})"
      "\n");
  CHECK(cancelled == std::vector<RequestId>{1});
  feed({token(1, 'c'), token(1, 'd', Finish::kCancelled)});  // what was still on its way
  CHECK(collector.open_lines() == 0);
}

TEST_CASE_FIXTURE(Fixture,
                  "a stop string completed by the last allowed token gives stop, and needs no cancelling") {
  BatchLine l = line("s");
  l.sampling.stop = {"stop"};
  collector.open(std::move(l), 1);
  feed({token(1, 128, Finish::kLength)});
  CHECK(out.find(R"("text":"","token_ids":[128],"finish_reason":"stop","stop_reason":"stop")") !=
        std::string::npos);
  CHECK(cancelled.empty());
}

TEST_CASE_FIXTURE(Fixture,
                  "the stop string may stay in the text; what comes after it in the same token does not") {
  BatchLine l = line("s");
  l.sampling.stop = {"op"};
  l.sampling.include_stop_str_in_output = true;
  collector.open(std::move(l), 1);
  feed({token(1, 'a'), token(1, 130)});
  CHECK(out.find(R"("text":"aop","token_ids":[97,130])") != std::string::npos);
}

TEST_CASE_FIXTURE(Fixture, "a stop string counts only after min_tokens") {
  BatchLine l = line("s");
  l.sampling.stop = {"b"};
  l.sampling.params.min_tokens = 2;
  collector.open(std::move(l), 1);
  feed({token(1, 'b'), token(1, 'b'), token(1, 'b')});
  CHECK(out.find(R"("text":"bb","token_ids":[98,98,98])") != std::string::npos);
}

TEST_CASE_FIXTURE(Fixture, "the token that ends a sequence is in the ids and not in the text") {
  collector.open(line("a"), 1);
  collector.open(line("b"), 2);
  BatchLine shown = line("c");
  shown.sampling.include_stop_str_in_output = true;
  collector.open(std::move(shown), 3);
  TokenEvent by_id = token(2, 131, Finish::kStop);
  by_id.stop_token = 131;
  feed({token(1, 'h'), token(1, 'i', Finish::kStop), by_id, token(3, 131, Finish::kStop)});
  CHECK(out.find(R"("text":"h","token_ids":[104,105],"finish_reason":"stop","stop_reason":null)") !=
        std::string::npos);
  CHECK(out.find(R"("text":"","token_ids":[131],"finish_reason":"stop","stop_reason":131)") !=
        std::string::npos);
  CHECK(out.find(R"("text":"end.","token_ids":[131])") != std::string::npos);
}

TEST_CASE_FIXTURE(Fixture, "without a tokenizer, or without the wish, there is no text") {
  Collector silent{nullptr, {.write = [this](std::string_view l) { out += l; }, .cancel = [](RequestId) {}}};
  silent.open(line("a"), 1);
  const TokenEvent events[] = {token(1, 'h', Finish::kLength)};
  silent.take(events, {});
  silent.advance();
  CHECK(out.find(R"("text":null,"token_ids":[104])") != std::string::npos);
  out.clear();
  BatchLine l = line("b");
  l.sampling.detokenize = false;
  collector.open(std::move(l), 1);
  feed({token(1, 'h', Finish::kLength)});
  CHECK(out.find(R"("text":null,"token_ids":[104])") != std::string::npos);
}

TEST_CASE_FIXTURE(
    Fixture, "logprobs: the best first where a number was asked for, in the order of ids where all were") {
  for (bool all : {false, true}) {
    out.clear();
    BatchLine l = line("a");
    l.sampling.params.logprobs = 3;
    l.sampling.all_logprobs = all;
    l.sampling.params.prompt_logprobs = 1;
    collector.open(std::move(l), all ? 2 : 1);
    const std::vector<Logprob> entries = {{2, -0.1f, 1},  {2, -0.1f, 0},    // prompt position 1
                                          {3, -0.25f, 2}, {4, -0.125f, 0},  // prompt position 2
                                          {1, -1.5f, 2},  {0, -3, 0},      {1, -1.5f, 0}, {2, -1.5f, 0}};
    TokenEvent score1, score2, last = token(all ? 2 : 1, 1, Finish::kLength);
    score1.request = score2.request = last.request;
    score1.token = 2, score1.prompt_position = 1, score1.logprobs = 0, score1.num_logprobs = 2;
    score2.token = 3, score2.prompt_position = 2, score2.logprobs = 2, score2.num_logprobs = 2;
    last.logprobs = 4, last.num_logprobs = 4;
    feed({score1, score2, last}, entries);
    CHECK(
        out.find(
            all ? R"("logprobs":[{"token_id":1,"logprob":-1.5,"rank":2,"top":[[0,-3],[1,-1.5],[2,-1.5]]}])"
                : R"("logprobs":[{"token_id":1,"logprob":-1.5,"rank":2,"top":[[1,-1.5],[2,-1.5],[0,-3]]}])") !=
        std::string::npos);
    CHECK(out.find(R"("prompt_logprobs":[null,{"token_id":2,"logprob":-0.1,"rank":1,"top":[[2,-0.1]]},)"
                   R"({"token_id":3,"logprob":-0.25,"rank":2,"top":[[4,-0.125]]}]})") != std::string::npos);
  }
}

TEST_CASE_FIXTURE(Fixture, "a failure is an error of that choice alone") {
  collector.open(line("a", 2), 1);
  TokenEvent failed;
  failed.request = 2, failed.finish = Finish::kError,
  failed.error = {Code::kDevice, "the logits are not finite"};
  feed({token(1, 'h', Finish::kLength), failed});
  CHECK(out.find(R"("index":0,"text":"h")") != std::string::npos);
  CHECK(
      out.find(
          R"({"id":"a","index":1,"error":{"message":"the logits are not finite","type":"InternalServerError",)"
          R"("param":null}})") != std::string::npos);
  CHECK(collector.counts().refused == 1);
}

TEST_CASE_FIXTURE(Fixture, "cut short: what is complete is written in order, the rest is dropped") {
  collector.open(line("a", 2), 1);
  collector.open(line("b"), 3);
  collector.open(line("c"), 4);
  feed({token(2, 'x', Finish::kLength), token(3, 'y'), token(4, 'z', Finish::kLength)});
  CHECK(out.empty());
  collector.finish_early();
  CHECK(out.find(R"("id":"a","index":1)") < out.find(R"("id":"c")"));
  CHECK(out.find(R"("id":"b")") == std::string::npos);
  CHECK(out.find(R"("index":0,"text":"x")") == std::string::npos);
  CHECK(collector.open_lines() == 0);
}

TEST_CASE_FIXTURE(Fixture, "a stream shows the text of the first that is not complete, as it grows") {
  Collector stream{&letters,
                   {.write = [](std::string_view) {},
                    .cancel = [](RequestId) {},
                    .show = [this](std::string_view t) { shown += t; },
                    .complain = [this](const Refusal& r) { complaints += r.message; }}};
  const auto step = [&](std::vector<TokenEvent> events) {
    stream.take(events, {});
    stream.advance();
  };
  BatchLine l = line("a");
  l.sampling.stop = {"stop"};
  stream.open(std::move(l), 1);
  BatchLine bad = line("b");
  bad.refusal = {"no."};
  stream.open(std::move(bad), 2);
  stream.open(line("c"), 2);
  step({token(2, 'X'), token(1, 'a')});
  CHECK(shown == "a");
  step({token(1, 129)});
  CHECK(shown == "ax");  // "st" may be the beginning of "stop"
  step({token(1, 's'), token(2, 'Y', Finish::kLength)});
  CHECK(shown == "axst");
  step({token(1, '!', Finish::kLength)});
  CHECK(shown == "axsts!\nXY\n");
  CHECK(complaints == "no.");
}

}  // namespace
}  // namespace quire
