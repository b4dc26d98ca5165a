// What transformers says about a golden checkpoint: tests/goldens/<case>/expected.safetensors, see
// tools/goldens/README.md. Our own file, so it is read without mistrust.
#pragma once
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

namespace quire {

struct Expected {
  std::vector<int32_t> prompt, greedy;
  std::vector<float> margin;
  std::vector<float> logprobs;  // [prompt + greedy, vocab]
  std::vector<float> bf16_error, f64_error;
  std::vector<float> inv_freq, rope_scale;
};

// QUIRE_GOLDENS names another folder of cases, made with another seed.
inline std::filesystem::path goldens_folder() {
  const char* other = std::getenv("QUIRE_GOLDENS");
  return other ? std::filesystem::path(other) : std::filesystem::path(QUIRE_TEST_DATA) / "goldens";
}

std::vector<std::string> golden_cases();  // sorted
Expected read_expected(const std::string& name);

}  // namespace quire
