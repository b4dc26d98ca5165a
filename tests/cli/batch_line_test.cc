// From a line of JSON to a request: what is taken, what is refused and in which words.
#include "cli/batch_line.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "tests/cli/letters.h"

namespace quire {
namespace {

struct Fixture {
  Letters letters;
  std::vector<std::string> unknown;
  BatchContext context{.tokenizer = &letters, .defaults = {}, .vocab = 200};
  LineSeeds seeds{0};

  Fixture() {
    context.on_unknown = [this](std::string_view key) { unknown.emplace_back(key); };
  }
  BatchLine read(const std::string& text, uint64_t number = 0) {
    return read_batch_line(text, number, context, seeds);
  }
  BatchLine with(const std::string& fields) { return read(R"({"prompt_token_ids":[1,2],)" + fields + "}"); }
  std::string why(const std::string& fields) { return with(fields).refusal.message; }
};

std::string text_of(const Json& v) {
  std::string text;
  append_json(v, text);
  return text;
}

TEST_CASE_FIXTURE(Fixture, "the id comes back as it is, else it is the line's number") {
  CHECK(text_of(read(R"({"id": {"b":1.0,"a":[12345678901234567890123]}, "prompt":"x"})").id) ==
        R"({"b":1.0,"a":[12345678901234567890123]})");
  CHECK(text_of(read(R"({"id":null,"prompt":"x"})").id) == "null");
  CHECK(text_of(read(R"({"prompt":"x"})", 17).id) == "17");
  CHECK(text_of(read("nonsense", 3).id) == "3");
  CHECK(text_of(read(R"({"id":"a","n":0,"prompt":"x"})").id) == "\"a\"");
}

TEST_CASE_FIXTURE(Fixture, "a prompt is text or token ids") {
  CHECK(read(R"({"prompt":"AB"})").prompt == std::vector<Token>{0, 65, 66});
  CHECK(read(R"({"prompt":"AB","add_special_tokens":false})").prompt == std::vector<Token>{65, 66});
  CHECK(read(R"({"prompt_token_ids":[7,9],"prompt":null})").prompt == std::vector<Token>{7, 9});
  CHECK(read("{}").refusal.message == "a line needs prompt or prompt_token_ids.");
  CHECK(read(R"({"prompt":"x","prompt_token_ids":[1]})").refusal.param == "prompt");
  CHECK(read(R"({"prompt":["x"]})").refusal.message.starts_with("prompt must be a string, got [\"x\"]"));
  CHECK(read(R"({"prompt":"\u00e9"})").refusal.message == "only ASCII here");
  CHECK(read(R"({"prompt_token_ids":[1,-1]})").refusal.message ==
        "prompt_token_ids must contain only token ids of the vocabulary, got -1.");
  for (const char* bad : {"[1.0]", "[\"1\"]", "[true]", "[[]]", "[null]"})
    CHECK(read(std::string(R"({"prompt_token_ids":)") + bad + "}")
              .refusal.message.starts_with("prompt_token_ids must contain only integers, got "));
  for (const char* bad : {"[2147483648]", "[9223372036854775808]"})
    CHECK(read(std::string(R"({"prompt_token_ids":)") + bad + "}").refusal.param == "prompt_token_ids");
  CHECK(read(R"({"prompt_token_ids":5})").refusal.param == "prompt_token_ids");
}

TEST_CASE_FIXTURE(Fixture, "without a tokenizer token ids still work, text and stop strings do not") {
  context.tokenizer = nullptr;
  CHECK(read(R"({"prompt":"x"})").refusal.param == "prompt");
  CHECK(!read(R"({"prompt_token_ids":[1]})").refusal);
  CHECK(why(R"("stop":"x")").starts_with("stop needs a tokenizer"));
}

TEST_CASE_FIXTURE(Fixture, "lines that are no objects are refused, and say where") {
  CHECK(read("[1]").refusal.message == "the line must be a JSON object, got [1].");
  CHECK(read("{\"a\":").refusal.message.starts_with("the line is not JSON: "));
  CHECK(read(R"({"prompt":"x","n":1,"n":2})").refusal.message.starts_with("the line is not JSON: "));
  CHECK(read(R"({"prompt":"x"} x)").refusal);
  CHECK(read("{\"prompt\":\"\xff\"}").refusal);
  CHECK(read(R"({"prompt":"\ud800"})").refusal);
  CHECK(read(std::string(100'000, '[')).refusal);
}

TEST_CASE_FIXTURE(Fixture, "ranges are refused in the words of the API") {
  CHECK(why(R"("n":0)") == "n must be at least 1, got 0.");
  CHECK(why(R"("n":-1)") == "n must be at least 1, got -1.");
  CHECK(why(R"("n":16385)") == "n must be at most 16384, got 16385.");
  CHECK(why(R"("presence_penalty":2.5)") == "presence_penalty must be in [-2, 2], got 2.5.");
  CHECK(why(R"("frequency_penalty":-3)") == "frequency_penalty must be in [-2, 2], got -3.");
  CHECK(why(R"("repetition_penalty":0)") == "repetition_penalty must be greater than zero, got 0.");
  CHECK(why(R"("temperature":-0.1)") == "temperature must be non-negative, got -0.1.");
  CHECK(why(R"("top_p":0)") == "top_p must be in (0, 1], got 0.");
  CHECK(why(R"("top_p":1.01)") == "top_p must be in (0, 1], got 1.01.");
  CHECK(why(R"("top_k":-2)") == "top_k must be 0 (disable), or at least 1, got -2.");
  CHECK(why(R"("min_p":-1)") == "min_p must be in [0, 1], got -1.");
  CHECK(why(R"("max_tokens":0)") == "max_tokens must be at least 1, got 0.");
  CHECK(why(R"("min_tokens":-1)") == "min_tokens must be greater than or equal to 0, got -1.");
  CHECK(why(R"("logprobs":-2)") == "logprobs must be non-negative or -1, got -2.");
  CHECK(why(R"("stop":["a",""])") == "stop cannot contain an empty string.");
  CHECK(why(R"("stop_token_ids":["5"])") == "stop_token_ids must contain only integers, got \"5\".");
  CHECK(why(R"("temperature":0,"n":2)") == "n must be 1 when using greedy sampling, got 2.");
  CHECK(why(R"("allowed_token_ids":[])") == "allowed_token_ids is not None and empty!");
  CHECK(why(R"("stop":"a","detokenize":false)") == "stop needs detokenize to be true.");
  CHECK(with(R"("top_p":0)").refusal.param == "top_p");
}

TEST_CASE_FIXTURE(Fixture, "hostile values of every field are refused by the field's name, never taken") {
  const std::vector<std::string> fields = {"n",
                                           "max_tokens",
                                           "min_tokens",
                                           "logprobs",
                                           "prompt_logprobs",
                                           "top_k",
                                           "seed",
                                           "presence_penalty",
                                           "frequency_penalty",
                                           "repetition_penalty",
                                           "temperature",
                                           "top_p",
                                           "min_p",
                                           "logit_bias",
                                           "stop",
                                           "ignore_eos",
                                           "allowed_token_ids",
                                           "stop_token_ids",
                                           "include_stop_str_in_output",
                                           "detokenize",
                                           "priority",
                                           "skip_special_tokens"};
  for (const std::string& field : fields)
    for (const char* value :
         {"-1", "0", "2147483648", "9223372036854775808", "1e308", "-1e308", "\"5\"", "true", "[]", "{}",
          "[{}]", "{\"a\":1}", "{\"-1\":1}", "{\"5\":\"x\"}", "0.5", "-0"}) {
      const BatchLine line = with("\"" + field + "\":" + value);
      INFO(field << ": " << value << ": " << line.refusal.message);
      if (line.refusal) {
        CHECK(line.refusal.param == field);
        CHECK(line.refusal.message.starts_with(field));
      }
    }
  for (const std::string field :
       {"n", "max_tokens", "min_tokens", "logprobs", "prompt_logprobs", "top_k", "seed"})
    for (const char* value : {"1e308", "\"5\"", "true", "[]", "5.0", "1e2"})
      CHECK(why("\"" + field + "\":" + value).starts_with(field + " must be an integer, got " + value));
  for (const std::string field : {"n", "max_tokens", "min_tokens", "logprobs", "prompt_logprobs", "top_k"})
    for (const char* value : {"2147483648", "9223372036854775808", "99999999999999999999"})
      CHECK(why("\"" + field + "\":" + value).starts_with(field + " must be at most "));
  for (const std::string field : {"temperature", "top_p", "min_p", "presence_penalty", "repetition_penalty"})
    for (const char* value : {"\"5\"", "true", "[]", "{}"})
      CHECK(why("\"" + field + "\":" + value).starts_with(field + " must be a number, got " + value));
  CHECK(why(R"("temperature":1e999)") != "");
}

TEST_CASE_FIXTURE(Fixture, "values are brought to one form") {
  const BatchLine greedy = with(R"("temperature":1e-6,"top_p":0.5,"top_k":7,"min_p":0.1)");
  CHECK(greedy.sampling.params.temperature == 0);
  CHECK(greedy.sampling.params.top_p == 1);
  CHECK(greedy.sampling.params.top_k == 0);
  CHECK(greedy.sampling.params.min_p == 0);
  CHECK(with(R"("temperature":0.001)").sampling.params.temperature == 0.01f);
  CHECK(with(R"("temperature":1e308)").sampling.params.temperature > 1e38f);
  CHECK(with(R"("top_k":-1)").sampling.params.top_k == 0);
  CHECK(with(R"("top_p":1e-320)").sampling.params.top_p > 0);
  CHECK(with(R"("logprobs":-1,"prompt_logprobs":3)").sampling.params.logprobs == 200);
  CHECK(with(R"("logprobs":-1,"prompt_logprobs":3)").sampling.all_logprobs);
  CHECK(!with(R"("logprobs":-1,"prompt_logprobs":3)").sampling.all_prompt_logprobs);
  CHECK(with(R"("stop":"ab")").sampling.stop == std::vector<std::string>{"ab"});
  CHECK(with(R"("max_tokens":null)").sampling.max_tokens == 16);
  const auto bias = with(R"("logit_bias":{"5":-1000,"7":2.5,"05":3})").sampling.params.logit_bias;
  REQUIRE(bias.size() == 2);
  CHECK(bias[0].token == 5);
  CHECK(bias[0].bias == 3);
  CHECK(with(R"("logit_bias":{"5":-1000})").sampling.params.logit_bias[0].bias == -100);
}

TEST_CASE_FIXTURE(Fixture, "the line comes over the flags and the model") {
  context.defaults.max_tokens = 99;
  context.defaults.params.temperature = 0.5f;
  context.defaults.stop = {"x"};
  CHECK(with(R"("top_k":1)").sampling.max_tokens == 99);
  CHECK(with(R"("top_k":1)").sampling.params.temperature == 0.5f);
  CHECK(with(R"("max_tokens":3,"temperature":2,"stop":[])").sampling.stop.empty());
  CHECK(with(R"("max_tokens":3,"temperature":2,"stop":[])").sampling.max_tokens == 3);
}

TEST_CASE_FIXTURE(Fixture,
                  "fields of the API that we do not have are refused if they would change the answer") {
  for (const char* field :
       {R"("messages":[{"role":"user"}])", R"("best_of":4)", R"("use_beam_search":true)",
        R"("bad_words":["x"])", R"("structured_outputs":{"json":{}})",
        R"("response_format":{"type":"json_object"})", R"("guided_json":{})", R"("logprob_token_ids":[1])",
        R"("top_logprobs":3)", R"("echo":true)", R"("suffix":"x")", R"("max_completion_tokens":3)",
        R"("thinking_token_budget":5)", R"("truncate_prompt_tokens":5)"}) {
    const BatchLine line = with(field);
    INFO(field);
    CHECK(line.refusal.type == "NotImplementedError");
    CHECK(std::string(field).find('"' + line.refusal.param + '"') == 0);
    CHECK(line.refusal.message.starts_with(line.refusal.param + " is not supported yet, got "));
  }
  for (const char* field :
       {R"("messages":null)", R"("best_of":1)", R"("best_of":3,"n":3)", R"("use_beam_search":false)",
        R"("bad_words":[])", R"("response_format":{"type":"text"})", R"("guided_json":null)",
        R"("echo":false)", R"("model":"x","user":"y","stream":true,"tools":[])"}) {
    INFO(field);
    CHECK(why(field) == "");
  }
  CHECK(unknown.empty());
}

TEST_CASE_FIXTURE(Fixture, "a key that nobody knows is told and ignored") {
  CHECK(why(R"("max_token":3,"temprature":0)") == "");
  CHECK(unknown == std::vector<std::string>{"max_token", "temprature"});
}

TEST_CASE_FIXTURE(Fixture, "equal prompts get different seeds, whatever else there is") {
  const auto seed = [this](const char* prompt) {
    return read(std::string(R"({"prompt":")") + prompt + "\"}").seed;
  };
  const uint64_t a0 = seed("a"), b0 = seed("b"), a1 = seed("a");
  CHECK(a0 != a1);
  CHECK(a0 != b0);
  LineSeeds again(0), other(1);
  CHECK(read_batch_line(R"({"prompt":"x"})", 0, context, again).seed != a0);
  CHECK(read_batch_line(R"({"prompt":"a","temperature":0.5})", 1, context, again).seed == a0);
  CHECK(read_batch_line(R"({"prompt_token_ids":[0,97]})", 2, context, again).seed == a1);
  CHECK(read_batch_line(R"({"prompt":"a"})", 0, context, other).seed != a0);
}

TEST_CASE_FIXTURE(Fixture, "a seed of the line is taken as it is") {
  CHECK(with(R"("seed":7)").seed == 7);
  CHECK(with(R"("seed":18446744073709551615)").seed == 18446744073709551615u);
  CHECK(with(R"("seed":-2)").seed == static_cast<uint64_t>(-2));
  CHECK(!with(R"("seed":-1)").sampling.seed.has_value());
  CHECK(why(R"("seed":18446744073709551616)").starts_with("seed must "));
}

}  // namespace
}  // namespace quire
