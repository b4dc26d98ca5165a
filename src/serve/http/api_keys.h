// The API keys that open the server. Only their SHA-256 digests are kept, so that neither a message nor a
// dump shows one.
#pragma once
#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "serve/http/request_reader.h"

namespace quire::serve {

class ApiKeys {
 public:
  ApiKeys() = default;  // none: everybody may come in

  // Refuses keys that are empty, that a header cannot carry, or that are given twice; never says the key.
  static Result<ApiKeys> from(const std::vector<std::string>& keys);
  // One key in each line; empty lines and those that begin with # are skipped.
  static Result<std::vector<std::string>> read_file(const std::string& path);

  bool any() const { return !digests_.empty(); }

  // The number of the key that the request carries, from 1; 0: it carries none of them. Takes the same time
  // for every wrong key of a length, wherever it differs. One "Authorization: Bearer KEY", nothing else.
  int32_t check(const RequestHead& head) const;

 private:
  std::vector<std::array<unsigned char, 32>> digests_;
};

}  // namespace quire::serve
