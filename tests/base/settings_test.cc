// Settings come from file, environment and flags, in this order; what is wrong is said in one sentence.
#include "base/settings.h"

#include <doctest/doctest.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <map>
#include <string>
#include <vector>

#include "base/human_size.h"
#include "base/nearest_word.h"

namespace quire {
namespace {

Status even(int64_t v) { return v % 2 == 0 ? Status() : Status(Code::kInvalidArgument, "must be even"); }

struct Fixture {
  int32_t count = 16;
  uint64_t seed = 0;
  bool cache = true;
  std::string device = "cpu";
  std::optional<int64_t> bytes;
  std::optional<double> share;
  std::optional<bool> eos;
  std::optional<std::string> config;
  std::vector<std::string> stop;
  std::map<std::string, std::string> environment;
  Given given;

  std::vector<SettingGroup> groups() {
    return {{"Some",
             {{"max-count", &count, "How many.", "N", "", 2, 1000, even},
              {"seed", &seed, "A seed.", "N"},
              {"enable-cache", &cache, "Keep things."},
              {"device", &device, "Where.", "", "cpu|ref"},
              {"kv-bytes", &bytes, "Memory.", "SIZE", "", 1}}},
            {"More",
             {{"share", &share, "A share.", "X", "", 0, 1},
              {"ignore-eos", &eos, "Go on."},
              {"stop", &stop, "Stop.", "TEXT"},
              {"config", &config, "File.", "FILE", "", 0, 0, nullptr, true}}}};
  }
  std::string read(const std::vector<std::string>& arguments) {
    Result<Given> r = read_settings(groups(), arguments, [this](const char* name) -> const char* {
      auto it = environment.find(name);
      return it == environment.end() ? nullptr : it->second.c_str();
    });
    if (r.ok()) given = r.value();
    return r.status().message();
  }
};

TEST_CASE_FIXTURE(Fixture, "flags set what they point to") {
  CHECK(read({"DIR", "--max-count", "32", "--seed=18446744073709551615", "--no-enable-cache", "--device",
              "ref", "--kv_bytes", "4GiB", "--share", "0.5", "--ignore-eos", "--stop", "a", "--stop=-b"}) ==
        "");
  CHECK(count == 32);
  CHECK(seed == 18446744073709551615u);
  CHECK(!cache);
  CHECK(device == "ref");
  CHECK(bytes == int64_t{4} << 30);
  CHECK(share == 0.5);
  CHECK(eos == true);
  CHECK(stop == std::vector<std::string>{"a", "-b"});
  CHECK(given.positionals == std::vector<std::string>{"DIR"});
  CHECK(given.used.front() == std::pair<std::string, std::string>{"max-count", "32"});
}

TEST_CASE_FIXTURE(Fixture, "what nobody sets keeps its default") {
  CHECK(read({}) == "");
  CHECK(count == 16);
  CHECK(cache);
  CHECK(!bytes.has_value());
  CHECK(given.used.empty());
}

TEST_CASE_FIXTURE(Fixture, "wrong use is one clear sentence") {
  CHECK(read({"--max-cuont", "3"}) == "unknown flag --max-cuont. Did you mean --max-count?");
  CHECK(read({"--enable-cache-please-do"}) ==
        "unknown flag --enable-cache-please-do. --help lists what there is.");
  CHECK(read({"-x"}) == "unknown flag -x. --help lists what there is.");
  CHECK(read({"--no-device"}).starts_with("unknown flag --no-device."));
  CHECK(read({"--device"}) == "--device needs a value: cpu|ref.");
  CHECK(read({"--device", "cuda"}) == "--device does not know \"cuda\"; known are cpu|ref.");
  CHECK(read({"--device", "cp"}) == "--device does not know \"cp\"; known are cpu|ref.");
  CHECK(read({"--max-count", "1"}) == "--max-count must be a whole number in [2, 1000], got \"1\".");
  CHECK(read({"--max-count", "7"}) == "--max-count must be even, got 7.");
  for (const char* bad : {"", "x", "1.5", "-2", "99999999999999999999", "1e3", "0x10", "4 ", "nan"})
    CHECK(read({"--max-count", bad}).starts_with("--max-count must be a whole number"));
  CHECK(read({"--kv-bytes", "0"}) == "--kv-bytes must be a whole number of at least 1, got \"0\".");
  CHECK(read({"--share", "1.5"}) == "--share must be a number in [0, 1], got \"1.5\".");
  for (const char* bad : {"", "x", "nan", "inf", "1e999", "0.5x"})
    CHECK(read({"--share", bad}).starts_with("--share must be a number"));
  CHECK(read({"--seed", "-1"}).starts_with("--seed must be a whole number"));
  CHECK(read({"--enable-cache=maybe"}) == "--enable-cache is a switch: true or false, got \"maybe\".");
}

TEST_CASE_FIXTURE(Fixture, "help stops the reading, -- ends the flags") {
  CHECK(read({"DIR", "--help", "--bogus"}) == "");
  CHECK(given.help);
  CHECK(read({"--", "--seed"}) == "");
  CHECK(given.positionals == std::vector<std::string>{"--seed"});
}

TEST_CASE_FIXTURE(Fixture, "the file comes first, then the environment, then flags") {
  const std::string path =
      (std::filesystem::temp_directory_path() / ("quire_settings_" + std::to_string(getpid()) + ".json"))
          .string();
  std::ofstream(path)
      << R"({"max_count": 4, "seed": 5, "stop": ["x", "y"], "enable-cache": false, "share": 0.25})";
  environment = {{"QUIRE_SEED", "6"}, {"QUIRE_STOP", "z"}, {"QUIRE_CONFIG", "/nowhere"}};
  CHECK(read({"--config", path, "--max-count", "8"}) == "");
  CHECK(count == 8);
  CHECK(seed == 6);
  CHECK(stop == std::vector<std::string>{"z"});
  CHECK(!cache);
  CHECK(share == 0.25);
  std::ofstream(path) << R"({"max-cuont": 4})";
  CHECK(read({"--config", path}) == path + ": unknown setting \"max-cuont\". Did you mean --max-count?");
  std::ofstream(path) << R"({"max-count": "many"})";
  CHECK(read({"--config", path}).starts_with(path + ": max-count must be a whole number"));
  std::ofstream(path) << R"([1])";
  CHECK(read({"--config", path}) == path + ": is not a JSON object of settings.");
  std::remove(path.c_str());
  CHECK(read({"--config", path}).starts_with(path));
  environment = {{"QUIRE_DEVICE", "tpu"}};
  CHECK(read({}) == "QUIRE_DEVICE does not know \"tpu\"; known are cpu|ref.");
}

TEST_CASE_FIXTURE(Fixture, "the help names every setting with its default") {
  const std::string help = describe_settings(groups());
  for (const char* part :
       {"\nSome:\n", "  --max-count N ", "How many. Default: 16.", "  --[no-]enable-cache ", "Default: on.",
        "  --device cpu|ref ", "Default: cpu.", "  --share X "})
    CHECK(help.find(part) != std::string::npos);
  CHECK(help.find("A share. Default") == std::string::npos);
}

TEST_CASE("human sizes") {
  CHECK(parse_human_size("4GiB") == int64_t{4} << 30);
  CHECK(parse_human_size("4G") == int64_t{4} << 30);
  CHECK(parse_human_size("4g") == 4'000'000'000);
  CHECK(parse_human_size("4GB") == 4'000'000'000);
  CHECK(parse_human_size("32k") == 32'000);
  CHECK(parse_human_size("32K") == 32'768);
  CHECK(parse_human_size("25.6k") == 25'600);
  CHECK(parse_human_size("0.5GiB") == int64_t{1} << 29);
  CHECK(parse_human_size("-1") == -1);
  for (const char* bad :
       {"", "k", "1.5", "1kk", "1X", "9223372036854775808", "99999999T", "-1k", "inf", "1e3"})
    CHECK(!parse_human_size(bad).has_value());
  CHECK(human_bytes(512) == "512 bytes");
  CHECK(human_bytes(int64_t{3} << 29) == "1.5 GiB");
}

TEST_CASE("the nearest word") {
  const std::string_view known[] = {"top-p", "top-k", "temperature"};
  CHECK(nearest_word("temprature", known) == "temperature");
  CHECK(nearest_word("top-q", known) == "top-p");
  CHECK(nearest_word("nonsense", known).empty());
  CHECK(nearest_word(std::string(1000, 'x'), known).empty());
}

}  // namespace
}  // namespace quire
