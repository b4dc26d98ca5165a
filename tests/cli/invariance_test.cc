// The promise of the batch interface: flags of the engine, the order and the number of lines never change a
// byte of an answer but usage.cached_tokens. Tested through the program, on every golden model.
#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "base/json.h"
#include "tests/cli/batch_input.h"
#include "tests/cli/program.h"
#include "tests/long_run.h"

namespace quire {
namespace {

using Lines = std::vector<std::string>;

std::string joined(const Lines& lines) {
  std::string text;
  for (const std::string& l : lines) text += l + '\n';
  return text;
}

Lines split(const std::string& text) {
  Lines lines;
  for (size_t at = 0; at < text.size();) {
    const size_t end = std::min(text.find('\n', at), text.size());
    lines.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  return lines;
}

// Without the one number that may differ.
std::string masked(std::string text) {
  const std::string key = "\"cached_tokens\":";
  for (size_t at = 0; (at = text.find(key, at)) != std::string::npos;) {
    at += key.size();
    text.erase(at, text.find_first_not_of("0123456789", at) - at);
  }
  return text;
}

std::string prompt_of(const std::string& line) {
  return line.substr(line.find('['), line.find(']') - line.find('['));
}
std::string id_of(const std::string& line) { return line.substr(0, line.find(',')); }

// Output lines by id, choices together.
std::map<std::string, std::string> by_id(const std::string& out) {
  std::map<std::string, std::string> answers;
  for (const std::string& l : split(out)) answers[id_of(l)] += l + '\n';
  return answers;
}

struct Model {
  std::string folder;
  std::vector<std::string> device;

  ProgramRun generate(const Lines& lines, const Lines& flags) const {
    Lines arguments = {"generate", folder};
    arguments.insert(arguments.end(), device.begin(), device.end());
    arguments.insert(arguments.end(), flags.begin(), flags.end());
    return run_program(arguments, joined(lines));
  }
  int64_t number(const std::string& key, const Lines& flags) const {
    Lines arguments = {"inspect", folder, "--json"};
    arguments.insert(arguments.end(), device.begin(), device.end());
    arguments.insert(arguments.end(), flags.begin(), flags.end());
    Result<Json> json = parse_json(run_program(arguments).out);
    REQUIRE(json.ok());
    const Json* value = json.value().find(key);
    REQUIRE(value != nullptr);
    return value->integer().value_or(-1);
  }
  // Room for one request of 94 tokens and hardly more: preemption all the time.
  Lines tight(const std::string& block_size) const {
    const Lines flags = {"--block-size", block_size};
    const int64_t size = std::stoll(block_size), blocks = 1 + (94 + size - 1) / size;
    const int64_t bytes = blocks * size * number("kv_bytes_per_token", flags);
    return {"--block-size", block_size, "--kv-cache-memory-bytes", std::to_string(bytes)};
  }
};

Lines plus(Lines a, const Lines& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

// A short run looks at four of the variants, with another seed at others.
std::vector<Lines> chosen(std::vector<Lines> variants, uint64_t seed) {
  if (long_run()) return variants;
  std::ranges::rotate(variants, variants.begin() + static_cast<ptrdiff_t>(seed * 4 % variants.size()));
  variants.resize(4);
  return variants;
}

void check_model(const Model& m, int32_t count, uint64_t seed) {
  const int32_t vocab = static_cast<int32_t>(m.number("vocabulary", {}));
  const Lines lines = BatchInputMaker(vocab, seed).lines(count);
  const ProgramRun plain = m.generate(lines, {});
  INFO(m.folder << " seed " << seed << ": " << plain.err);
  REQUIRE(plain.status == 0);
  REQUIRE(by_id(plain.out).size() == lines.size());
  const std::string expected = masked(plain.out);
  CHECK(masked(m.generate(lines, {"--seed", "1"}).out) != expected);  // the comparison can fail
  CHECK(m.number("kv_tokens", m.tight("16")) < 120);                  // and a tight cache is tight

  const std::vector<Lines> variants = {
      {"--max-num-batched-tokens", "1"},
      {"--max-num-batched-tokens", "7", "--max-num-seqs", "3"},
      {"--max-num-batched-tokens", "64", "--long-prefill-token-threshold", "5"},
      {"--max-num-seqs", "1"},
      {"--block-size", "1"},
      {"--block-size", "4", "--max-num-batched-tokens", "30"},
      {"--block-size", "256"},
      {"--block-size", "768"},
      {"--threads", "1"},
      {"--threads", "3", "--no-async-scheduling"},
      {"--no-enable-prefix-caching"},
      m.tight("16"),
      plus(m.tight("2"), {"--max-num-batched-tokens", "9"}),
      plus(m.tight("1"), {"--no-async-scheduling", "--no-enable-prefix-caching"}),
  };
  for (const Lines& flags : chosen(variants, seed)) {
    const ProgramRun run = m.generate(lines, flags);
    std::string shown;
    for (const std::string& f : flags) shown += f + ' ';
    INFO(m.folder << " seed " << seed << " " << shown << ": " << run.err);
    CHECK(run.status == 0);
    const Lines got = split(masked(run.out)), want = split(expected);
    REQUIRE(got.size() == want.size());
    for (size_t i = 0; i < got.size(); ++i) REQUIRE(got[i] == want[i]);
  }

  // Another order, equal prompts in their own; then every line that is the first with its prompt alone.
  Lines shuffled = lines;
  std::ranges::stable_sort(shuffled, {},
                           [](const std::string& l) { return std::hash<std::string>()(prompt_of(l)); });
  const ProgramRun run = m.generate(shuffled, {"--max-num-batched-tokens", "33"});
  CHECK(by_id(masked(run.out)) == by_id(expected));
  const auto answers = by_id(expected);
  std::set<std::string> seen;
  for (size_t i = 0; i < lines.size() && (long_run() || seen.size() < 4); ++i)
    if (seen.insert(prompt_of(lines[i])).second && i % 8 == 1)
      CHECK(masked(m.generate({lines[i]}, {}).out) == answers.at(id_of(lines[i])));
}

TEST_CASE("flags of the engine, order and number of lines do not change an answer") {
  const char* other = std::getenv("QUIRE_TEST_SEED");  // other requests than the usual ones
  uint64_t seed = other ? std::stoull(other) : 1;
  for (const auto& entry : std::filesystem::directory_iterator(QUIRE_TEST_DATA "/goldens"))
    if (entry.is_directory()) check_model({entry.path().string(), {}}, 24, seed++);
}

TEST_CASE("nor on the reference device, where it is one of the slower checks") {
  for (const char* name : {"llama3", "gemma2"})
    check_model({std::string(QUIRE_TEST_DATA "/goldens/") + name, {"--device", "ref"}}, 12, 77);
}

TEST_CASE("the pages of an equal prompt are used again, and only the usage says so") {
  const Model m{QUIRE_TEST_DATA "/goldens/qwen3", {}};
  const Lines lines = BatchInputMaker(200, 5).lines(1);
  const std::string prompt = prompt_of(lines[0]) + ",5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20]";
  const std::string line = "{\"temperature\":0,\"prompt_token_ids\":" + prompt + "}";
  const ProgramRun run = m.generate({line, line}, {"--max-num-seqs", "1"});
  const Lines out = split(run.out);
  REQUIRE(out.size() == 2);
  CHECK(out[0].find("\"cached_tokens\":0") != std::string::npos);
  CHECK(out[1].find("\"cached_tokens\":16") != std::string::npos);
  CHECK(masked(out[0]).substr(8) == masked(out[1]).substr(8));  // but for the id
}

TEST_CASE("choice i of n is the line with the seed + i") {
  const Model m{QUIRE_TEST_DATA "/goldens/llama2", {}};
  auto line = [](const std::string& rest) {
    return "{\"id\":1,\"prompt_token_ids\":[3,1,4,1,5],\"logprobs\":2," + rest + "}";
  };
  const Lines together = split(masked(m.generate({line("\"n\":3,\"seed\":40")}, {}).out));
  const Lines apart =
      split(masked(m.generate({line("\"seed\":40"), line("\"seed\":41"), line("\"seed\":42")}, {}).out));
  REQUIRE(together.size() == 3);
  REQUIRE(apart.size() == 3);
  for (size_t i = 0; i < 3; ++i) {
    CHECK(together[i].starts_with("{\"id\":1,\"index\":" + std::to_string(i)));
    CHECK(together[i].substr(17) == apart[i].substr(17));
  }
  CHECK(apart[0].substr(17) != apart[1].substr(17));
}

}  // namespace
}  // namespace quire
