// What tests put into model folders: safetensors files, well-formed or not; and how long a refusal may take.
#pragma once
#include <cstdint>
#include <ctime>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tests/scratch_folder.h"

namespace quire {

// Of this process: a bound on work that holds on a busy machine, too.
inline double cpu_seconds() { return static_cast<double>(std::clock()) / CLOCKS_PER_SEC; }

// In which a bad file is refused. Sanitizers make every byte dearer.
#if defined(__SANITIZE_ADDRESS__)
inline constexpr double kRefusalSeconds = 5.0;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
inline constexpr double kRefusalSeconds = 5.0;
#else
inline constexpr double kRefusalSeconds = 1.0;
#endif
#else
inline constexpr double kRefusalSeconds = 1.0;
#endif

// `v` as 8 bytes, the least first.
inline std::string length_prefix(uint64_t v) {
  std::string s(8, '\0');
  for (char& c : s) c = static_cast<char>(v & 0xff), v >>= 8;
  return s;
}

// A safetensors file of this header and these tensor bytes.
inline std::string safetensors_file(std::string_view header, std::string_view data = "") {
  return length_prefix(header.size()) + std::string(header) + std::string(data);
}

struct TestTensor {
  std::string name, type, shape, bytes;  // shape as JSON: "[2,3]"
};

// Well-formed, the tensors in this order.
inline std::string safetensors_file(const std::vector<TestTensor>& tensors) {
  std::string header = "{", data;
  for (const TestTensor& t : tensors) {
    header += (header.size() > 1 ? ",\"" : "\"") + t.name + R"(":{"dtype":")" + t.type + R"(","shape":)" +
              t.shape + R"(,"data_offsets":[)" + std::to_string(data.size()) + "," +
              std::to_string(data.size() + t.bytes.size()) + "]}";
    data += t.bytes;
  }
  return safetensors_file(header + "}", data);
}

// The bytes of 16-bit or 32-bit words in the order of files.
template <class Word>
std::string words(std::initializer_list<Word> list) {
  std::string s;
  for (const Word w : list)
    for (size_t i = 0; i < sizeof(Word); ++i) s += static_cast<char>(w >> 8 * i & 0xff);
  return s;
}

}  // namespace quire
