// Any bytes as the body of a request to each endpoint, on an engine without a model: always answered, with
// JSON or a whole stream, never by a 5xx. Byte 0 chooses the endpoint.
#include <cstdint>
#include <string>
#include <string_view>

#include "base/utf8.h"
#include "tests/serve/api/fake_reply.h"
#include "tests/serve/api/served_script.h"

namespace quire::serve {
namespace {

void check(std::string_view input) {
  // With its threads, for all inputs; it stays until the end, since OpenSSL tidies up before statics go.
  static ServedScript& served = *new ServedScript;
  static constexpr std::string_view kPaths[] = {"/v1/completions", "/v1/chat/completions", "/tokenize",
                                                "/detokenize"};
  served.gate().traps = false;
  served.quiet = true;
  if (input.empty()) return;
  const std::string_view path = kPaths[static_cast<unsigned char>(input[0]) % 4];
  const auto reply =
      served.begin("POST", path, std::string(input.substr(1)), {{"Content-Type", "application/json"}});
  QUIRE_CHECK(reply->wait());
  QUIRE_CHECK(reply->status() == 200 || (reply->status() >= 400 && reply->status() < 500));
  QUIRE_CHECK(is_utf8(reply->body()));
  if (reply->streams()) QUIRE_CHECK(reply->body().ends_with("data: [DONE]\n\n"));
  else QUIRE_CHECK(parse_json(reply->body()).ok());
}

}  // namespace
}  // namespace quire::serve

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  quire::serve::check(std::string_view(reinterpret_cast<const char*>(data), size));
  return 0;
}
