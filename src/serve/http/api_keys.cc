#include "serve/http/api_keys.h"

#include <openssl/crypto.h>
#include <openssl/sha.h>

#include <algorithm>
#include <fstream>
#include <utility>

#include "serve/http/head_check.h"

namespace quire::serve {
namespace {

Status refuse(std::string message) { return {Code::kInvalidArgument, std::move(message)}; }

constexpr size_t kLongestKey = 4096;

std::array<unsigned char, 32> digest(std::string_view text) {
  std::array<unsigned char, 32> d{};
  SHA256(reinterpret_cast<const unsigned char*>(text.data()), text.size(), d.data());
  return d;
}

}  // namespace

Result<ApiKeys> ApiKeys::from(const std::vector<std::string>& keys) {
  ApiKeys all;
  for (size_t i = 0; i < keys.size(); ++i) {
    const std::string which = "API key " + std::to_string(i + 1) + ' ';
    if (keys[i].empty()) return refuse(which + "is empty.");
    if (keys[i].size() > kLongestKey)
      return refuse(which + "is longer than " + std::to_string(kLongestKey) + " bytes.");
    if (!std::ranges::all_of(keys[i], [](char c) { return c > ' ' && c < 0x7F; }))
      return refuse(which + "holds a character that is not visible ASCII; a header could not carry it.");
    const auto d = digest(keys[i]);
    if (std::ranges::count(all.digests_, d) > 0) return refuse(which + "is given twice.");
    all.digests_.push_back(d);
  }
  return all;
}

Result<std::vector<std::string>> ApiKeys::read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::vector<std::string> keys;
  size_t bytes = 0;
  for (std::string line; std::getline(file, line);) {
    bytes += line.size() + 1;
    if (bytes > (1 << 20)) return refuse(path + " is longer than 1 MiB; it holds one key a line.");
    if (!line.empty() && line.back() == '\r') line.pop_back();
    if (!line.empty() && line[0] != '#') keys.push_back(line);
  }
  if (!file.eof()) return refuse(path + " cannot be read as a file of API keys.");
  if (keys.empty()) return refuse(path + " holds no API key; write one in each line.");
  return keys;
}

int32_t ApiKeys::check(const RequestHead& head) const {
  if (head.count("Authorization") != 1) return 0;
  const std::string_view value = *head.header("Authorization");
  constexpr std::string_view kScheme = "Bearer ";
  if (value.size() <= kScheme.size() || !equal_ignoring_case(value.substr(0, kScheme.size()), kScheme))
    return 0;
  const auto d = digest(value.substr(kScheme.size()));
  int32_t found = 0;
  for (size_t i = 0; i < digests_.size(); ++i)
    if (CRYPTO_memcmp(d.data(), digests_[i].data(), d.size()) == 0) found = static_cast<int32_t>(i) + 1;
  return found;
}

}  // namespace quire::serve
