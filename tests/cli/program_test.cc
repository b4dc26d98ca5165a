// The program as a user meets it: exit status, what is said, files, pipes and Ctrl-C.
#include <doctest/doctest.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <string>
#include <thread>
#include <vector>

#include "base/json.h"
#include "tests/cli/wrong_use.h"

namespace quire {
namespace {

const std::string kModel = QUIRE_TEST_DATA "/goldens/llama3";

std::string line(const std::string& rest) { return "{\"prompt_token_ids\":[1,2,3]" + rest + "}\n"; }

// Exit 2, nothing on standard output, one line on standard error.
TEST_CASE("wrong use exits 2 with one clear sentence") {
  check_wrong({}, "give a command");
  check_wrong({"genrate"}, "unknown command \"genrate\". Did you mean generate?");
  check_wrong({"generate"}, "give a model folder");
  check_wrong({"generate", "a", "b"}, "one model folder is enough, got also \"b\"");
  check_wrong({"generate", kModel, "--max-token", "5"},
              "unknown flag --max-token. Did you mean --max-tokens?");
  check_wrong({"generate", kModel, "--temperature", "-1"}, "temperature must be non-negative, got -1.");
  check_wrong({"generate", kModel, "--stop-token-ids", "5,x"}, "stop_token_ids must contain only integers");
  check_wrong({"generate", kModel, "--block-size", "48"},
              "--block-size must be a power of two or a multiple of 256");
  check_wrong({"generate", kModel, "--max-num-batched-tokens", "0"},
              "--max-num-batched-tokens must be a whole number");
  check_wrong({"generate", kModel, "--device", "cuda"},
              "--device does not know \"cuda\"; known are cpu|ref.");
  check_wrong({"generate", kModel, "--quantization", "awq"}, "--quantization does not know \"awq\"");
  check_wrong({"generate", kModel, "--prompt", "a", "--input", "b"}, "give either --prompt or --input");
  check_wrong({"generate", kModel, "--prompt", "\xff"}, "--prompt must be UTF-8.");
  check_wrong({"generate", kModel, "--input", "/nowhere/at/all"}, "cannot read /nowhere/at/all");
  check_wrong({"generate", kModel, "--output", "/nowhere/at/all"}, "cannot write /nowhere/at/all");
  check_wrong({"tokenize", kModel, "--input", "/"}, "it is a folder");
  check_wrong({"bench"}, "say what to measure");
  check_wrong({"bench", "machine", "demo"}, "machine needs no model folder, got \"demo\".");
  check_wrong({"bench", "latency", kModel, "--num-iters", "0"}, "--num-iters must be a whole number");
}

TEST_CASE("help with examples everywhere, and the version") {
  for (const std::vector<std::string>& arguments :
       std::vector<std::vector<std::string>>{{"--help"},
                                             {"generate", "--help"},
                                             {"tokenize", "-h"},
                                             {"inspect", "--help"},
                                             {"bench", "--help"},
                                             {"bench", "latency", "--help"},
                                             {"bench", "throughput", "--help"}}) {
    const ProgramRun run = run_program(arguments);
    CHECK(run.status == 0);
    CHECK(run.out.find("quire generate demo") + run.out.find("Examples:") != 2 * std::string::npos);
    CHECK(run.err.empty());
  }
  CHECK(run_program({"--version"}).out.starts_with("quire "));
}

TEST_CASE("a model that is refused exits 1") {
  for (const char* command : {"generate", "inspect", "tokenize"}) {
    const ProgramRun run = run_program({command, "/nowhere"}, line(""));
    CHECK(run.status == 1);
    CHECK(run.out.empty());
    CHECK(run.err.find("/nowhere") != std::string::npos);
  }
  const ProgramRun tight = run_program({"generate", kModel, "--kv-cache-memory-bytes", "1"}, line(""));
  CHECK(tight.status == 1);
  CHECK(tight.err.find("--kv-cache-memory-bytes") != std::string::npos);
}

TEST_CASE("a refused line becomes an error and the others go on") {
  const ProgramRun run =
      run_program({"generate", kModel},
                  line("") + "nonsense\n\n" + line(",\"top_p\":0,\"id\":\"p\"") + line(",\"max_tokens\":2"));
  CHECK(run.status == 1);
  CHECK(count_newlines(run.out) == 4);
  CHECK(run.out.find(R"({"id":1,"error":{"message":"the line is not JSON)") != std::string::npos);
  CHECK(
      run.out.find(
          R"({"id":"p","error":{"message":"top_p must be in (0, 1], got 0.","type":"BadRequestError","param":"top_p"}})") !=
      std::string::npos);
  CHECK(run.out.find(R"({"id":4,"index":0,"text":null)") != std::string::npos);
  CHECK(run_program({"generate", kModel}, line("")).status == 0);
  CHECK(run_program({"generate", kModel}, "").status == 0);
}

TEST_CASE("what the engine refuses has the field's name") {
  const std::pair<std::string, std::string> cases[] = {
      {R"({"prompt_token_ids":[]})", "prompt"},
      {R"({"prompt_token_ids":[5000]})", "prompt"},
      {R"({"prompt_token_ids":[1],"max_tokens":100000})", "prompt"},
      {R"({"prompt_token_ids":[1],"logprobs":21})", "logprobs"},
      {R"({"prompt_token_ids":[1],"prompt_logprobs":21})", "prompt_logprobs"},
      {R"({"prompt_token_ids":[1],"min_tokens":17})", "min_tokens"},
      {R"({"prompt_token_ids":[1],"stop_token_ids":[5000]})", "stop_token_ids"},
      {R"({"prompt_token_ids":[1],"logit_bias":{"5000":1}})", "logit_bias"},
      {R"({"prompt_token_ids":[1],"allowed_token_ids":[5000]})", "allowed_token_ids"}};
  for (const auto& [input, param] : cases) {
    const ProgramRun run = run_program({"generate", kModel}, input);
    INFO(run.out);
    CHECK(run.status == 1);
    CHECK(run.out.find("\"type\":\"BadRequestError\",\"param\":\"" + param + "\"}") != std::string::npos);
  }
  CHECK(run_program({"generate", kModel}, R"({"prompt_token_ids":[1],"logprobs":21})")
            .out.find("Requested sample logprobs of 21, which is greater than max allowed: 20") !=
        std::string::npos);
  CHECK(run_program({"generate", kModel, "--max-logprobs", "30"}, line(",\"logprobs\":21")).status == 0);
}

TEST_CASE("logprobs -1 lists the vocabulary by id, that many named lists the best first") {
  const ProgramRun run =
      run_program({"generate", kModel, "--max-logprobs", "-1"},
                  line(",\"logprobs\":-1,\"max_tokens\":1") + line(",\"logprobs\":211,\"max_tokens\":1"));
  const std::string second = run.out.substr(run.out.find('\n') + 1);
  for (const std::string& text : {run.out.substr(0, run.out.find('\n')), second}) {
    Result<Json> json = parse_json(text);
    REQUIRE(json.ok());
    const Json& entry = json.value().find("logprobs")->array()->front();
    const Json::Array& top = *entry.find("top")->array();
    REQUIRE(top.size() == 211);
    bool by_id = true, by_logprob = true;
    for (size_t i = 0; i < top.size(); ++i) {
      by_id &= (*top[i].array())[0].integer() == static_cast<int64_t>(i);
      if (i > 0) by_logprob &= *(*top[i - 1].array())[1].real() >= *(*top[i].array())[1].real();
    }
    CHECK(by_id == (text.data() != nullptr && json.value().find("id")->integer() == 0));
    CHECK(by_logprob == (json.value().find("id")->integer() == 1));
  }
}

TEST_CASE("an unknown key is ignored with one warning; without a tokenizer there is one, too") {
  const ProgramRun run =
      run_program({"generate", kModel}, line(",\"temprature\":0") + line(",\"temprature\":1"));
  CHECK(run.status == 0);
  CHECK(count_newlines(run.err) == 2);
  CHECK(run.err.find("no text: ") != std::string::npos);
  CHECK(run.err.find("\"temprature\"") != std::string::npos);
}

TEST_CASE("flags are defaults, the generation config lies below them") {
  const ScratchFolder folder;
  for (const char* name : {"config.json", "model.safetensors"})
    std::filesystem::copy(kModel + "/" + name, folder.file(name));
  folder.write("generation_config.json",
               R"({"temperature":0.0,"max_new_tokens":3,"eos_token_id":[2,2,100000]})");
  const std::string plain = folder.file("");
  const std::string greedy = run_program({"generate", plain}, line("")).out;
  CHECK(greedy.find(R"("completion_tokens":3)") != std::string::npos);
  CHECK(greedy == run_program({"generate", plain, "--generation-config", "vllm", "--temperature", "0",
                               "--max-tokens", "3"},
                              line(""))
                      .out);
  CHECK(greedy !=
        run_program({"generate", plain, "--generation-config", "vllm", "--max-tokens", "3"}, line("")).out);
  CHECK(greedy != run_program({"generate", plain, "--temperature", "1"}, line("")).out);
  CHECK(greedy != run_program({"generate", plain}, line(",\"temperature\":1")).out);
  CHECK(greedy != run_program({"generate", plain, "--max-tokens", "4"}, line("")).out);
  folder.write("generation_config.json", R"({"temperature":-1})");
  const ProgramRun bad = run_program({"generate", plain}, line(""));
  CHECK(bad.status == 1);
  CHECK(bad.err.find("generation_config.json: temperature must be non-negative") != std::string::npos);
}

TEST_CASE("every end-of-sequence id of either file ends an answer") {
  const ScratchFolder folder;
  for (const char* name : {"config.json", "model.safetensors"})
    std::filesystem::copy(kModel + "/" + name, folder.file(name));
  const std::string input = line(",\"temperature\":0,\"max_tokens\":8");
  Result<Json> before = parse_json(run_program({"generate", folder.file("")}, input).out);
  REQUIRE(before.ok());
  const Json::Array& ids = *before.value().find("token_ids")->array();
  REQUIRE(ids.size() == 8);
  const int64_t last = *ids[3].integer();
  folder.write("generation_config.json", "{\"eos_token_id\":[7777777," + std::to_string(last) + "]}");
  Result<Json> after = parse_json(run_program({"generate", folder.file("")}, input).out);
  REQUIRE(after.ok());
  CHECK(*after.value().find("finish_reason")->string() == "stop");
  CHECK(after.value().find("stop_reason")->is_null());
  CHECK(after.value().find("token_ids")->array()->back().integer() == last);
  CHECK(after.value().find("token_ids")->array()->size() <= 4);
  Result<Json> ignored = parse_json(run_program({"generate", folder.file(""), "--ignore-eos"}, input).out);
  CHECK(ignored.value().find("token_ids")->array()->size() == 8);
}

TEST_CASE("input and output may be files, not the same one") {
  const ScratchFolder folder;
  const std::string in = folder.write("in.jsonl", line("") + line(""));
  const ProgramRun run =
      run_program({"generate", kModel, "--input", in, "--output", folder.file("out.jsonl")});
  CHECK(run.status == 0);
  CHECK(run.out.empty());
  CHECK(count_newlines(read_text(folder.file("out.jsonl"))) == 2);
  CHECK(run_program({"generate", kModel, "--input", in, "--output", in}).status == 2);
  CHECK(count_newlines(read_text(in)) == 2);
}

struct Piped {  // the program with a pipe as its input
  ScratchFolder folder;
  pid_t child = -1;
  int input = -1;

  explicit Piped(const std::string& model = kModel) {
    int ends[2];
    QUIRE_CHECK(pipe2(ends, O_CLOEXEC) == 0);
    input = ends[1];
    child = start_program({"generate", model}, ends[0], folder.file("out"), folder.file("err"));
  }
  ~Piped() { end(); }
  void send(const std::string& text) {
    REQUIRE(write(input, text.data(), text.size()) == static_cast<ssize_t>(text.size()));
  }
  void end() {
    if (input >= 0) close(input);
    input = -1;
  }
  std::string out() const { return read_text(folder.file("out")); }
  bool wait_for_lines(size_t count) const {
    for (int i = 0; i < 3000 && count_newlines(out()) < count; ++i)
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    return count_newlines(out()) >= count;
  }
};

TEST_CASE("output is written as soon as the lines before it are done, while the input stays open") {
  Piped p;
  p.send(line(""));
  REQUIRE(p.wait_for_lines(1));
  p.send(line("") + line(""));
  REQUIRE(p.wait_for_lines(3));
  p.end();
  CHECK(wait_for(p.child) == 0);
}

TEST_CASE("Ctrl-C writes what is finished and exits 130") {
  Piped p;
  p.send(line("") + line(",\"max_tokens\":2"));
  REQUIRE(p.wait_for_lines(2));
  kill(p.child, SIGINT);
  CHECK(wait_for(p.child) == 130);
  CHECK(count_newlines(p.out()) == 2);
}

TEST_CASE("Ctrl-C in the middle writes the lines that are finished, not those before them that are not") {
  const auto begin = std::chrono::steady_clock::now();
  Piped p(QUIRE_SOURCE_DIR "/demo");
  p.send(line(",\"max_tokens\":1"));
  REQUIRE(p.wait_for_lines(1));
  p.send(line(",\"id\":\"long\",\"n\":64,\"max_tokens\":2000,\"ignore_eos\":true") +
         line(",\"id\":\"short\",\"max_tokens\":1"));
  // No sign says that the short one is done: wait some times as long as all of the first one took.
  std::this_thread::sleep_for(std::chrono::milliseconds(500) +
                              4 * (std::chrono::steady_clock::now() - begin));
  CHECK(count_newlines(p.out()) == 1);
  kill(p.child, SIGINT);
  CHECK(wait_for(p.child) == 130);
  CHECK(p.out().find(R"({"id":"short","index":0,"text":)") != std::string::npos);
  CHECK(p.out().find(R"({"id":"long",)") == std::string::npos);
}

TEST_CASE("a second Ctrl-C, or one while the model is loading, ends the process at once") {
  Piped p;
  kill(p.child, SIGTERM);
  const int status = wait_for(p.child);
  CHECK(status == 128 + SIGTERM);
}

TEST_CASE("a closed standard output ends the run in words") {
  const ScratchFolder folder;
  std::string many;
  for (int i = 0; i < 200; ++i) many += line(",\"logprobs\":-1");
  const std::string in = folder.write("in", many);
  const std::string command = std::string("'") + QUIRE_PROGRAM + "' generate '" + kModel + "' < '" + in +
                              "' 2> '" + folder.file("err") + "' | head -c 10 > /dev/null";
  CHECK(std::system(command.c_str()) == 0);
  CHECK(read_text(folder.file("err")).find("cannot write standard output") != std::string::npos);
}

TEST_CASE("inspect says what there is and what would be refused") {
  const ProgramRun table = run_program({"inspect", kModel});
  CHECK(table.status == 0);
  CHECK(table.out.find("architecture          LlamaForCausalLM") != std::string::npos);
  CHECK(table.out.find("refused               nothing") != std::string::npos);
  const ScratchFolder folder;
  folder.write("config.json", R"({"architectures":["NobodyForCausalLM"]})");
  const ProgramRun refused = run_program({"inspect", folder.file(""), "--json", "--load-format", "dummy"});
  CHECK(refused.status == 1);
  Result<Json> json = parse_json(refused.out);
  REQUIRE(json.ok());
  CHECK(json.value().find("refused")->array()->size() == 1);
  CHECK(refused.out.find("NobodyForCausalLM") != std::string::npos);
}

TEST_CASE("bench machine says what the machine reaches at most") {
  const ScratchFolder folder;
  const ProgramRun run = run_program({"bench", "machine", "--cpu-isa", "portable", "--threads", "1",
                                      "--output-json", folder.file("m.json")});
  INFO(run.err);
  REQUIRE(run.status == 0);
  CHECK(run.out.find("read gb per s") != std::string::npos);
  Result<Json> json = parse_json(read_text(folder.file("m.json")));
  REQUIRE(json.ok());
  const Json& m = json.value();
  for (const char* key : {"read_gb_per_s", "fma_gflop_per_s"}) {
    REQUIRE(m.find(key) != nullptr);
    CHECK(m.find(key)->real().value_or(0) > 0.1);
  }
  CHECK(*m.find("isa")->string() == "portable");
  CHECK(m.find("threads")->integer() == 1);
  for (const char* key : {"bf16_gflop_per_s", "int8_gop_per_s"}) {
    REQUIRE(m.find(key) != nullptr);
    CHECK(m.find(key)->is_null());
  }
  CHECK(m.find("levels")->find("portable")->find("fma_gflop_per_s")->real().value_or(0) > 0.1);
  CHECK(m.find("read_gb_per_s_by_threads")->find("1")->real().value_or(0) > 0.1);
}

TEST_CASE("bench writes the keys that are promised") {
  const ScratchFolder folder;
  folder.write("config.json", read_text(kModel + "/config.json"));
  const std::string out = folder.file("result.json");
  const std::string data = folder.write("data.jsonl", R"({"prompt_token_ids":[1,2,3],"output_len":4})"
                                                      "\n"
                                                      R"({"prompt_token_ids":[5],"max_tokens":2})"
                                                      "\n");
  const std::vector<std::string> common = {"prefill_tokens_per_s",
                                           "decode_tokens_per_s",
                                           "prefill_fraction",
                                           "decode_fraction",
                                           "machine",
                                           "model",
                                           "flags",
                                           "peak_memory_bytes",
                                           "load_s"};
  struct Case {
    std::vector<std::string> arguments, keys;
  };
  const Case cases[] = {
      {{"latency", "--num-iters", "2", "--num-iters-warmup", "1", "--input-len", "5", "--output-len", "4",
        "--batch-size", "3"},
       {"avg_latency", "latencies", "percentiles"}},
      {{"throughput", "--num-prompts", "5", "--input-len", "6", "--output-len", "4", "--random-range-ratio",
        "0.5", "--random-prefix-len", "3"},
       {"elapsed_time", "num_requests", "total_num_tokens", "requests_per_second", "tokens_per_second"}},
      {{"throughput", "--dataset", data}, {"elapsed_time"}}};
  for (const Case& c : cases) {
    std::vector<std::string> arguments = {
        "bench", c.arguments[0], folder.file(""), "--load-format", "dummy", "--output-json", out};
    arguments.insert(arguments.end(), c.arguments.begin() + 1, c.arguments.end());
    const ProgramRun run = run_program(arguments);
    INFO(run.err);
    REQUIRE(run.status == 0);
    Result<Json> json = parse_json(read_text(out));
    REQUIRE(json.ok());
    for (const auto* keys : {&common, &c.keys})
      for (const std::string& key : *keys) CHECK(json.value().find(key) != nullptr);
    CHECK(json.value().find("peak_memory_bytes")->integer().value_or(0) > 1 << 20);
    CHECK(json.value().find("model")->find("parameters")->integer() == 96896);
    CHECK(*json.value().find("flags")->find("load-format")->string() == "dummy");
  }
  const ProgramRun dataset =
      run_program({"bench", "throughput", kModel, "--dataset", data, "--output-json", "-"});
  Result<Json> json = parse_json(dataset.out);
  REQUIRE(json.ok());
  CHECK(json.value().find("total_num_tokens")->integer() == 3 + 4 + 1 + 2);
}

}  // namespace
}  // namespace quire
