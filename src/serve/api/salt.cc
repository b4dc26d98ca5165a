#include "serve/api/salt.h"

#include <openssl/sha.h>
#include <sys/random.h>

#include <cstring>

#include "base/status.h"

namespace quire::serve {

Salt salt_of(const std::array<uint64_t, 2>& secret, int32_t key, std::string_view cache_salt) {
  std::string text(sizeof secret + sizeof key, '\0');
  std::memcpy(text.data(), secret.data(), sizeof secret);
  std::memcpy(text.data() + sizeof secret, &key, sizeof key);
  text += cache_salt;
  unsigned char digest[SHA256_DIGEST_LENGTH];
  SHA256(reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest);
  Salt salt;
  std::memcpy(&salt.hi, digest, sizeof salt.hi);
  std::memcpy(&salt.lo, digest + sizeof salt.hi, sizeof salt.lo);
  return salt;
}

uint64_t draw_number() {
  uint64_t n = 0;
  QUIRE_CHECK(getrandom(&n, sizeof n, 0) == sizeof n);
  return n;
}

std::string draw_name() {
  static constexpr char kHex[] = "0123456789abcdef";
  std::string name;
  for (int half = 0; half < 2; ++half)
    for (uint64_t n = draw_number(), i = 0; i < 16; ++i, n >>= 4) name += kHex[n & 15];
  return name;
}

}  // namespace quire::serve
