// Defaults and end-of-sequence ids, in the spellings that model folders have.
#include "cli/generation_config.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "tests/cli/program.h"

namespace quire {
namespace {

struct Fixture {
  ScratchFolder folder;

  Result<GenerationConfig> read(const char* config, const char* generation,
                                const std::string& source = "auto") {
    folder.write("config.json", config);
    if (generation) folder.write("generation_config.json", generation);
    return read_generation_config(folder.file("."), source);
  }
  std::vector<Token> eos(const char* config, const char* generation) {
    Result<GenerationConfig> r = read(config, generation);
    REQUIRE(r.ok());
    return r.value().eos;
  }
  std::string why(const char* config, const char* generation) {
    return read(config, generation).status().message();
  }
};

TEST_CASE_FIXTURE(Fixture,
                  "end-of-sequence ids: both files, numbers or lists, each once, within the vocabulary") {
  CHECK(eos(R"({"vocab_size":100,"eos_token_id":[5,7]})", R"({"eos_token_id":9})") ==
        std::vector<Token>{9, 5, 7});
  CHECK(eos(R"({"vocab_size":100,"eos_token_id":5})", R"({"eos_token_id":[5,6]})") ==
        std::vector<Token>{5, 6});
  CHECK(eos(R"({"vocab_size":100,"eos_token_id":null})", R"({"eos_token_id":[100,-1,99]})") ==
        std::vector<Token>{99});
  CHECK(eos(R"({"text_config":{"vocab_size":10,"eos_token_id":3},"eos_token_id":12})", "{}").empty());
  CHECK(eos(R"({"text_config":{"vocab_size":10,"eos_token_id":3}})", "{}") == std::vector<Token>{3});
  CHECK(eos(R"({"eos_token_id":[]})", "{}").empty());
}

TEST_CASE_FIXTURE(Fixture, "no generation config is none, unless another folder was named") {
  CHECK(read("{}", nullptr).ok());
  CHECK(!read("{}", nullptr, folder.file("elsewhere")).ok());
}

TEST_CASE_FIXTURE(Fixture, "sampling is taken over, null is not, and vllm leaves it") {
  const char* text =
      R"({"temperature":0.25,"top_k":7,"top_p":null,"repetition_penalty":1.5,"max_new_tokens":30,"do_sample":false,
                         "eos_token_id":4})";
  Result<GenerationConfig> r = read("{}", text);
  REQUIRE(r.ok());
  CHECK(r.value().defaults.params.temperature == 0.25f);
  CHECK(r.value().defaults.params.top_k == 7);
  CHECK(r.value().defaults.params.top_p == 1);
  CHECK(r.value().defaults.params.repetition_penalty == 1.5f);
  CHECK(r.value().defaults.max_tokens == 30);
  r = read("{}", text, "vllm");
  REQUIRE(r.ok());
  CHECK(r.value().defaults.params.temperature == 1);
  CHECK(r.value().defaults.max_tokens == 16);
  CHECK(r.value().eos == std::vector<Token>{4});
}

TEST_CASE_FIXTURE(Fixture, "what is wrong is said with the file's name") {
  for (const char* bad :
       {R"({"eos_token_id":"x"})", R"({"eos_token_id":[1,true]})", R"({"eos_token_id":1.5})"}) {
    CHECK(why("{}", bad).find("generation_config.json: eos_token_id must be a token id or a list") !=
          std::string::npos);
    CHECK(why(bad, "{}").find("/config.json: eos_token_id must be a token id or a list") !=
          std::string::npos);
  }
  CHECK(why("{}", R"({"top_p":7})").find("generation_config.json: top_p must be in (0, 1], got 7.") !=
        std::string::npos);
  CHECK(why("{}", "[]").find("generation_config.json: is not a JSON object.") != std::string::npos);
  CHECK(why("{}", "{").find("generation_config.json") != std::string::npos);
  CHECK(why("[]", "{}").find("config.json: is not a JSON object.") != std::string::npos);
}

}  // namespace
}  // namespace quire
