// Reads expected.safetensors for the tests beside it, and checks that the goldens are whole.
#include "tests/models/expected.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstring>
#include <fstream>
#include <iterator>

#include "base/json.h"

namespace quire {
namespace {

std::string read_file(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  REQUIRE_MESSAGE(in.good(), path.string());
  return {std::istreambuf_iterator<char>(in), {}};
}

template <class T>
void take(const Json& header, const std::string& data, const char* name, std::vector<T>& to) {
  const Json* tensor = header.find(name);
  REQUIRE_MESSAGE(tensor != nullptr, name);
  const Json::Array& at = *tensor->find("data_offsets")->array();
  const auto begin = static_cast<size_t>(*at[0].integer()), end = static_cast<size_t>(*at[1].integer());
  REQUIRE(end <= data.size());
  to.resize((end - begin) / sizeof(T));
  std::memcpy(to.data(), data.data() + begin, end - begin);
}

}  // namespace

std::vector<std::string> golden_cases() {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(goldens_folder()))
    if (std::filesystem::exists(entry.path() / "expected.safetensors"))
      names.push_back(entry.path().filename());
  std::ranges::sort(names);
  return names;
}

Expected read_expected(const std::string& name) {
  const std::string file = read_file(goldens_folder() / name / "expected.safetensors");
  uint64_t header_size = 0;
  REQUIRE(file.size() > sizeof header_size);
  std::memcpy(&header_size, file.data(), sizeof header_size);
  REQUIRE(header_size <= file.size() - sizeof header_size);
  const auto header = parse_json(std::string_view(file).substr(sizeof header_size, header_size));
  REQUIRE(header.ok());
  const std::string data = file.substr(sizeof header_size + header_size);
  Expected e;
  take(header.value(), data, "prompt", e.prompt);
  take(header.value(), data, "greedy", e.greedy);
  take(header.value(), data, "margin", e.margin);
  take(header.value(), data, "logprobs", e.logprobs);
  take(header.value(), data, "bf16_error", e.bf16_error);
  take(header.value(), data, "f64_error", e.f64_error);
  take(header.value(), data, "inv_freq", e.inv_freq);
  take(header.value(), data, "rope_scale", e.rope_scale);
  return e;
}

TEST_CASE("the goldens are there and whole") {
  const auto cases = golden_cases();
  CHECK(cases.size() >= 20);
  for (const std::string& name : cases) {
    const Expected e = read_expected(name);
    CAPTURE(name);
    CHECK(e.greedy.size() == e.margin.size());
    CHECK(e.logprobs.size() % (e.prompt.size() + e.greedy.size()) == 0);
  }
}

}  // namespace quire
