// Truth for whole models: what transformers says of every golden checkpoint (tools/goldens/README.md).
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <numeric>
#include <string>
#include <vector>

#include "backends/cpu/levels.h"
#include "tests/models/expected.h"
#include "tests/models/whole_model.h"

namespace quire {
namespace {

std::vector<int32_t> all_tokens(const Expected& e) {
  std::vector<int32_t> tokens = e.prompt;
  tokens.insert(tokens.end(), e.greedy.begin(), e.greedy.end());
  return tokens;
}

// ref: 5e-5 of what is compared, or where transformers in f32 is itself far from f64, 8 times that up to
// 2e-4.
float allowed(float logprob, const Expected& e) {
  return std::max(5e-5f * std::max(1.0f, std::abs(logprob)), std::min(8 * e.f64_error[0], 2e-4f));
}

struct Errors {
  double mean = 0, p90 = 0, worst = 0;
  size_t worst_at = 0;
};

Errors errors_of(const std::vector<float>& got, const std::vector<float>& want) {
  std::vector<double> d;
  for (size_t i = 0; i < got.size(); ++i)
    d.push_back(std::abs(static_cast<double>(got[i]) - static_cast<double>(want[i])));
  Errors e;
  e.worst_at = static_cast<size_t>(std::ranges::max_element(d) - d.begin());
  std::ranges::sort(d);
  e.mean = std::accumulate(d.begin(), d.end(), 0.0) / static_cast<double>(d.size());
  e.p90 = d[d.size() * 9 / 10];
  e.worst = d.back();
  return e;
}

// "cpu/avx2": cpu in every level that this machine has.
std::vector<std::string> cpu_levels() {
  std::vector<std::string> names;
  for (const cpu::Level& level : cpu::levels())
    if (level.supported()) names.push_back("cpu/" + std::string(level.name));
  return names;
}

void print(const char* device, const std::string& name, const Errors& e, size_t vocab) {
  if (std::getenv("QUIRE_SHOW_ERRORS"))
    std::printf("%-15s %-22s mean %.2e  p90 %.2e  worst %.2e at token %zu\n", device, name.c_str(), e.mean,
                e.p90, e.worst, e.worst_at / vocab);
}

}  // namespace

TEST_CASE("ref says what transformers says in float32, in every logprob and greedy token") {
  for (const std::string& name : golden_cases()) {
    CAPTURE(name);
    const Expected e = read_expected(name);
    WholeModel model((goldens_folder() / name).string(), "ref");
    const auto got = model.logprobs(all_tokens(e), 1 << 20, 16);
    REQUIRE(got.size() == e.logprobs.size());
    size_t wrong = 0;
    for (size_t i = 0; i < got.size(); ++i)
      wrong += !(std::abs(got[i] - e.logprobs[i]) <= allowed(e.logprobs[i], e));
    CHECK(wrong == 0);
    print("ref", name, errors_of(got, e.logprobs), static_cast<size_t>(model.spec().vocab));

    // Each greedy token is the argmax of the line before it, which is what generating it means.
    const auto vocab = static_cast<size_t>(model.spec().vocab);
    for (size_t i = 0; i < e.greedy.size(); ++i) {
      const auto line = got.begin() + static_cast<std::ptrdiff_t>((e.prompt.size() + i - 1) * vocab);
      const auto best = std::max_element(line, line + static_cast<std::ptrdiff_t>(vocab)) - line;
      const bool near_tie = e.margin[i] <= 2 * allowed(line[e.greedy[i]], e);
      CHECK((best == e.greedy[i] || near_tie));
    }
  }
}

TEST_CASE("a golden model gives the same bits in chunks of any size and blocks of any size") {
  for (const std::string& name : golden_cases()) {
    CAPTURE(name);
    const auto tokens = all_tokens(read_expected(name));
    std::vector<std::string> backends = cpu_levels();
    backends.emplace_back("ref");
    for (const std::string& backend : backends) {
      WholeModel model((goldens_folder() / name).string(), backend);
      const auto whole = model.logprobs(tokens, 1 << 20, 16);
      CHECK(model.logprobs(tokens, 7, 16) == whole);
      CHECK(model.logprobs(tokens, 1, 32) == whole);
    }
  }
}

TEST_CASE("cpu errs at most 3 times as much as transformers in bfloat16") {
  for (const std::string& level : cpu_levels())
    for (const std::string& name : golden_cases()) {
      CAPTURE(level);
      CAPTURE(name);
      const Expected e = read_expected(name);
      WholeModel model((goldens_folder() / name).string(), level);
      const auto got = model.logprobs(all_tokens(e), 1 << 20, 16);
      REQUIRE(got.size() == e.logprobs.size());
      const Errors errors = errors_of(got, e.logprobs);
      print(level.c_str(), name, errors, static_cast<size_t>(model.spec().vocab));
      CHECK(errors.mean <= 3 * static_cast<double>(e.bf16_error[0]));
      CHECK(errors.p90 <= 3 * static_cast<double>(e.bf16_error[1]));
      CHECK(errors.worst <= 3 * static_cast<double>(e.bf16_error[2]));
    }
}

}  // namespace quire
