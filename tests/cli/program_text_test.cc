// Text through the program: prompts, streams, stop strings and tokenize, on the demo model.
#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "base/json.h"
#include "tests/cli/program.h"

namespace quire {
namespace {

TEST_CASE("prompts of the command line are lines, or a stream of text with one line of figures") {
  const std::string demo = QUIRE_SOURCE_DIR "/demo";
  const std::vector<std::string> greedy = {"generate",      demo,     "--prompt",     "import os",
                                           "--prompt",      "def f(", "--max-tokens", "12",
                                           "--temperature", "0"};
  const ProgramRun lines = run_program(greedy);
  CHECK(lines.status == 0);
  CHECK(lines.err.empty());
  const size_t end = lines.out.find('\n');
  Result<Json> first = parse_json(lines.out.substr(0, end)), second = parse_json(lines.out.substr(end + 1));
  REQUIRE(first.ok());
  REQUIRE(second.ok());
  std::vector<std::string> streaming = greedy;
  streaming.push_back("--stream");
  const ProgramRun stream = run_program(streaming);
  CHECK(stream.status == 0);
  CHECK(stream.out ==
        *first.value().find("text")->string() + '\n' + *second.value().find("text")->string() + '\n');
  CHECK(count_newlines(stream.err) == 1);
  for (const char* part :
       {"prompt tokens, ", "24 generated tokens, ", "time to first token ", "peak memory "})
    CHECK(stream.err.find(part) != std::string::npos);
}

TEST_CASE("text ends before its stop string, and the tokens with it, in steps of any size") {
  const std::string demo = QUIRE_SOURCE_DIR "/demo";
  const std::string fields =
      R"(,"max_tokens":60,"temperature":0,"logprobs":1,"prompt":"def read_lines(path):")";
  Result<Json> whole = parse_json(run_program({"generate", demo}, "{\"id\":0" + fields + "}").out);
  REQUIRE(whole.ok());
  const std::string text = *whole.value().find("text")->string();
  REQUIRE(text.size() > 60);
  std::string input;
  for (size_t at = 10; at < 60; at += 5) {
    input += "{\"stop\":[\"never there\",";
    append_json_string(text.substr(at, 1 + at % 7), input);
    input += "]" + fields + "}\n";
  }
  const std::string out = run_program({"generate", demo}, input).out;
  for (const std::vector<std::string>& flags : std::vector<std::vector<std::string>>{
           {"--no-async-scheduling"}, {"--max-num-seqs", "1"}, {"--max-num-batched-tokens", "2"}}) {
    std::vector<std::string> arguments = {"generate", demo, "--no-enable-prefix-caching"};
    arguments.insert(arguments.end(), flags.begin(), flags.end());
    CHECK(run_program(arguments, input).out == out);
  }
  size_t begin = 0;
  for (size_t at = 10; at < 60; at += 5) {
    const size_t end = out.find('\n', begin);
    Result<Json> json = parse_json(out.substr(begin, end - begin));
    REQUIRE(json.ok());
    begin = end + 1;
    const std::string stop = text.substr(at, 1 + at % 7);
    CHECK(*json.value().find("text")->string() == text.substr(0, text.find(stop)));
    CHECK(*json.value().find("finish_reason")->string() == "stop");
    CHECK(*json.value().find("stop_reason")->string() == stop);
    const size_t tokens = json.value().find("token_ids")->array()->size();
    CHECK(json.value().find("logprobs")->array()->size() == tokens);
    CHECK(json.value().find("usage")->find("completion_tokens")->integer() == static_cast<int64_t>(tokens));
  }
}

TEST_CASE("tokenize goes both ways and refuses by line") {
  const std::string demo = QUIRE_SOURCE_DIR "/demo";
  const ProgramRun run = run_program({"tokenize", demo}, R"({"id":"a","text":"import os\n"})"
                                                         "\n"
                                                         R"({"text":5})"
                                                         "\n"
                                                         R"({"messages":[]})"
                                                         "\n"
                                                         R"({"ids":[-1]})"
                                                         "\n"
                                                         R"({"text":"a","ids":[1]})");
  CHECK(run.status == 1);
  Result<Json> first = parse_json(run.out.substr(0, run.out.find('\n')));
  REQUIRE(first.ok());
  const Json::Array& ids = *first.value().find("ids")->array();
  CHECK(first.value().find("tokens")->array()->size() == ids.size());
  CHECK(count_newlines(run.out) == 5);
  for (const char* error : {R"({"id":1,"error":{"message":"text must be a string, got 5.")",
                            R"({"id":2,"error":{"message":"messages must hold at least one message)",
                            R"({"id":3,"error":{"message":"ids must contain only token ids)",
                            R"({"id":4,"error":{"message":"a line has either text or ids, got both.")"})
    CHECK(run.out.find(error) != std::string::npos);
  std::string back = "{\"ids\":";
  append_json(Json(ids), back);
  CHECK(run_program({"tokenize", demo}, back + "}").out == "{\"id\":0,\"text\":\"import os\\n\"}\n");
}

}  // namespace
}  // namespace quire
