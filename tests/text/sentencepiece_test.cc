// tokenizer.model files: what they may not be, cut off at every byte, and how one chooses its pipeline.
#include <doctest/doctest.h>

#include <fstream>
#include <iterator>

#include "tests/text/tokenizer_files.h"

namespace quire {
namespace {

std::string golden_model(const std::string& name) {
  std::ifstream in(golden_folder(name) + "/tokenizer.model", std::ios::binary);
  return std::string(std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>());
}

TEST_CASE("without a configuration no token is put before the text, as in transformers 5") {
  const auto t = parse_sentencepiece(golden_model("sp_llama"), "test");
  REQUIRE_MESSAGE(t.ok(), t.status().message());
  const auto configured = golden_tokenizer("sp_llama");
  CHECK(encoded(*configured, "the", true).front() == *configured->id_of("<s>"));
  CHECK(encoded(*t.value(), "the", true) == encoded(*configured, "the", false));
}

TEST_CASE(
    "a model that is cut off, anywhere, is refused or loads, and one of another kind is refused by name") {
  const std::string model = golden_model("sp_t5");
  REQUIRE(model.size() > 5000);
  size_t refused = 0;
  for (size_t n = 0; n < model.size(); n += n < 600 || n + 600 > model.size() ? 1 : 97) {
    const auto t = parse_sentencepiece(std::string_view(model).substr(0, n), "test");
    if (t.ok()) continue;
    ++refused;
    CHECK(t.status().message().starts_with("test"));
    CHECK(t.status().message().find('\n') == std::string::npos);
  }
  CHECK(refused > 500);
  const auto message = [](std::string_view bytes) {
    return parse_sentencepiece(bytes, "test").status().message();
  };
  CHECK(message("").find("it has no pieces") != std::string::npos);
  CHECK(message("\x0b").find("no protobuf message") != std::string::npos);
  CHECK(message("\x0a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x7f").find("no protobuf message") !=
        std::string::npos);
  const std::string piece =
      "\x0a\x03\x0a\x01"
      "a";
  CHECK(message(piece + "\x12\x02\x18\x03").find("the model type 3 is not supported") != std::string::npos);
  CHECK(message(piece + "\x12\x03\xc0\x02\x09").find("beyond its 1 pieces") != std::string::npos);
  CHECK(message(piece + piece + piece + "\x12\x02\x18\x02").find("stands in it twice") != std::string::npos);
  CHECK(message("\x0a\x03\x0a\x01\xff").find("not valid UTF-8") != std::string::npos);
  const std::string nan =
      "\x0a\x08\x0a\x01"
      "a\x15\xff\xff\xff\xff";
  CHECK(message(nan).find("is not finite") != std::string::npos);
}

}  // namespace
}  // namespace quire
