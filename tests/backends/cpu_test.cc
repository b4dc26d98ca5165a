// What only the cpu backend has: the choice of an instruction set, and functions of its own in the place of
// the C library's, on each level that this machine has.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>
#include <vector>

#include "backend/backend.h"
#include "backend/noise.h"
#include "backends/cpu/levels.h"
#include "backends/cpu/natural_log.h"

namespace quire::cpu {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();

std::vector<const Level*> levels_here() {
  std::vector<const Level*> here;
  for (const Level& level : levels())
    if (level.supported()) here.push_back(&level);
  return here;
}

// The distance in units of the last place of the f32 nearest to `want`.
double ulps(float got, double want) {
  const auto near = std::fabs(static_cast<float>(want));
  const double unit = static_cast<double>(std::nextafter(near, kInfinity)) - static_cast<double>(near);
  return std::fabs(static_cast<double>(got) - want) / unit;
}

}  // namespace

TEST_CASE("cpu: auto is the first level that the machine has and that is worth it there") {
  const auto chosen = find_level("auto");
  REQUIRE(chosen.ok());
  const auto here = levels_here();
  CHECK(chosen.value() == *std::ranges::find_if(here, [](const Level* level) { return level->worth_it(); }));
  CHECK(levels().back().name == "portable");
  for (const Level* level : levels_here()) {
    BackendOptions options;
    options.cpu_isa = level->name;
    CHECK(make_backend("cpu", options).ok());
  }
}

TEST_CASE("cpu: other instruction sets are refused with what there is") {
  BackendOptions options;
  options.cpu_isa = "mmx";
  const Status unknown = make_backend("cpu", options).status();
  CHECK(unknown.code() == Code::kInvalidArgument);
  CHECK(unknown.message().find("'mmx' is unknown") != std::string::npos);
  CHECK(unknown.message().find("portable") != std::string::npos);
  for (const Level& level : levels()) {
    if (level.supported()) continue;
    options.cpu_isa = level.name;
    CHECK(make_backend("cpu", options).status().code() == Code::kUnsupported);
  }
}

TEST_CASE("cpu: exp is within 1.5 units of the last place, and right at the ends") {
  for (const Level* level : levels_here()) {
    CAPTURE(level->name);
    std::vector<float> x;
    for (int32_t i = -87 * 4096; i <= 88 * 4096; ++i) x.push_back(static_cast<float>(i) / 4096 + 1e-5f);
    std::vector<float> y = x;
    level->kernels->exp(y.data(), static_cast<int32_t>(y.size()));
    double worst = 0;
    for (size_t i = 0; i < x.size(); ++i)
      worst = std::max(worst, ulps(y[i], std::exp(static_cast<double>(x[i]))));
    CHECK(worst < 1.5);
    float ends[] = {0.0f, -0.0f, -kInfinity, -200.0f, 89.0f, kInfinity, NAN, -100.0f};
    level->kernels->exp(ends, 8);
    CHECK(ends[0] == 1.0f);
    CHECK(ends[1] == 1.0f);
    CHECK(ends[2] == 0.0f);
    CHECK(ends[3] == 0.0f);
    CHECK(ends[4] == kInfinity);
    CHECK(ends[5] == kInfinity);
    CHECK(std::isnan(ends[6]));
    CHECK(ends[7] == std::exp(-100.0f));  // below the normal range
  }
}

TEST_CASE("cpu: tanh is within 4 units of the last place") {
  for (const Level* level : levels_here()) {
    CAPTURE(level->name);
    std::vector<float> x;
    for (float v = 1e-6f; v < 20; v *= 1.001f) x.push_back(v), x.push_back(-v);
    std::vector<float> y = x;
    level->kernels->softcap(y.data(), static_cast<int64_t>(y.size()), 1.0f);
    double worst = 0;
    for (size_t i = 0; i < x.size(); ++i)
      worst = std::max(worst, ulps(y[i], std::tanh(static_cast<double>(x[i]))));
    CHECK(worst < 4);
    float ends[] = {0.0f, kInfinity, -kInfinity, NAN};
    level->kernels->softcap(ends, 4, 1.0f);
    CHECK(ends[0] == 0.0f);
    CHECK(ends[1] == 1.0f);
    CHECK(ends[2] == -1.0f);
    CHECK(std::isnan(ends[3]));
  }
}

TEST_CASE("cpu: noise is -log(-log(u)) of backend/noise.h's bits") {
  const uint64_t seed = 0x123456789abcdef0;
  for (const Level* level : levels_here()) {
    CAPTURE(level->name);
    double worst = 0, most = 0;
    for (int32_t token = 0; token < 20000; ++token) {
      const float value = 0.0f;
      const Draw one = level->kernels->draw({}, nullptr, token, &value, 1, 1.0f, seed, 77);
      const auto u = static_cast<double>(noise_uniform(noise_bits(seed, 77, token, Noise::kSample)));
      const double want = -std::log(-std::log(u));
      REQUIRE(one.token == token);
      worst = std::max(worst, std::fabs(static_cast<double>(one.value) - want) / (1 + std::fabs(want)));
      most = std::max(most, static_cast<double>(one.value));
    }
    CHECK(worst < 2e-7);
    CHECK(most > 8);
  }
  // What a draw leaves out cannot win.
  CHECK(-std::log(-std::log(static_cast<double>(noise_uniform(0xffffffff)))) <
        static_cast<double>(kMostNoise));
}

TEST_CASE("cpu: a draw that leaves tokens out finds the same winner as one that looks at each") {
  std::mt19937 random(3);
  for (const Level* level : levels_here()) {
    for (int32_t round = 0; round < 50; ++round) {
      std::vector<float> values(1001);
      for (float& v : values) v = static_cast<float>(random() % 4096) / 64;
      const auto count = static_cast<int32_t>(values.size());
      const Draw all = level->kernels->draw({}, nullptr, 0, values.data(), count, 0.7f, 5, round);
      Draw best;
      for (int32_t t = 0; t < count; ++t) {
        const Draw one =
            level->kernels->draw({}, nullptr, t, &values[static_cast<size_t>(t)], 1, 0.7f, 5, round);
        if (best.token < 0 || one.value > best.value) best = one;
      }
      CHECK(all.token == best.token);
      CHECK(all.value == best.value);
    }
  }
}

TEST_CASE("cpu: natural_log") {
  for (double x = 1e-300; x < 1e300; x *= 1.37)
    CHECK(natural_log(x) == doctest::Approx(std::log(x)).epsilon(1e-15));
  for (double x = 0.5; x < 2; x += 0.001) CHECK(std::fabs(natural_log(x) - std::log(x)) <= 3e-16);
}

}  // namespace quire::cpu
