// What benchmarks ask for and how they count, without an engine.
#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "cli/bench_report.h"
#include "cli/bench_requests.h"
#include "tests/cli/letters.h"
#include "tests/cli/program.h"

namespace quire {
namespace {

TEST_CASE("percentiles are numpy's") {
  const std::vector<double> v = {4, 1, 3, 2};
  CHECK(percentile(v, 0) == 1);
  CHECK(percentile(v, 50) == 2.5);
  CHECK(percentile(v, 90) == doctest::Approx(3.7));
  CHECK(percentile(v, 100) == 4);
  CHECK(percentile(std::vector<double>{7}, 99) == 7);
}

TEST_CASE("random prompts come from the seed, within their range, and may begin alike") {
  const RandomPrompts wanted{
      .count = 200, .input_len = 10, .output_len = 20, .range_ratio = 0.5, .prefix_len = 4};
  const auto requests = random_requests(wanted, 50, 1), again = random_requests(wanted, 50, 1);
  const auto other = random_requests(wanted, 50, 2);
  REQUIRE(requests.size() == 200);
  size_t shortest = 99, longest = 0;
  bool same = true, alike = true, in_vocabulary = true;
  for (size_t i = 0; i < requests.size(); ++i) {
    const BenchRequest& r = requests[i];
    same &= r.prompt == again[i].prompt && r.output_len == again[i].output_len;
    alike &= std::equal(r.prompt.begin(), r.prompt.begin() + 4, requests[0].prompt.begin());
    for (Token t : r.prompt) in_vocabulary &= t >= 0 && t < 50;
    shortest = std::min(shortest, r.prompt.size()), longest = std::max(longest, r.prompt.size());
    CHECK((r.output_len >= 10 && r.output_len <= 30));
  }
  CHECK(same);
  CHECK(alike);
  CHECK(in_vocabulary);
  CHECK(shortest == 4 + 5);
  CHECK(longest == 4 + 15);
  CHECK(requests[0].prompt != other[0].prompt);
}

TEST_CASE("a dataset is lines of requests") {
  const ScratchFolder folder;
  const Letters letters;
  const std::string path = folder.write("d", R"({"prompt":"ab","output_len":5})"
                                             "\n\n"
                                             R"({"prompt_token_ids":[1],"max_tokens":7})"
                                             "\n"
                                             R"({"prompt_token_ids":[2]})");
  auto read = read_dataset(path, &letters, 128, 0);
  REQUIRE(read.ok());
  REQUIRE(read.value().size() == 3);
  CHECK(read.value()[0].prompt == std::vector<Token>{0, 'a', 'b'});
  CHECK(read.value()[0].output_len == 5);
  CHECK(read.value()[1].output_len == 7);
  CHECK(read.value()[2].output_len == 16);
  CHECK(read_dataset(path, &letters, 128, 2).value().size() == 2);
  CHECK(read_dataset(path, nullptr, 128, 0)
            .status()
            .message()
            .starts_with("line 0 of --dataset: prompt needs a tokenizer"));
  const std::string bad = folder.write("bad", R"({"prompt_token_ids":[1],"output_len":0})");
  CHECK(read_dataset(bad, nullptr, 128, 0).status().message() ==
        "line 0 of --dataset: output_len must be at least 1, got 0.");
  CHECK(
      read_dataset(folder.write("none", "\n"), nullptr, 128, 0).status().message().find("holds no request") !=
      std::string::npos);
  CHECK(!read_dataset("/nowhere/at/all", nullptr, 128, 0).ok());
}

TEST_CASE("reports have the figures of vllm bench") {
  const BenchTiming timings[] = {{.seconds = 1, .prompt_tokens = 10, .tokens = 30},
                                 {.seconds = 3, .prompt_tokens = 10, .tokens = 30}};
  const Json latency(latency_report(timings)), throughput(throughput_report(timings[1], 4));
  CHECK(latency.find("avg_latency")->real() == 2);
  CHECK(latency.find("latencies")->array()->size() == 2);
  CHECK(latency.find("percentiles")->find("50")->real() == 2);
  CHECK(throughput.find("total_num_tokens")->integer() == 40);
  CHECK(throughput.find("requests_per_second")->real() == doctest::Approx(4.0 / 3));
  CHECK(throughput.find("tokens_per_second")->real() == doctest::Approx(40.0 / 3));
}

}  // namespace
}  // namespace quire
