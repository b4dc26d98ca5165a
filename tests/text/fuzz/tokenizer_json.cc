// Any bytes as a tokenizer.json: refused in one sentence, or a tokenizer that keeps the promises of its
// header on texts and ids, among them the file's own bytes.
#include <cstdint>

#include "tests/text/fuzz/promises.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view file(reinterpret_cast<const char*>(data), size);
  const auto t = quire::parse_tokenizer(file, "f");
  if (t.ok()) quire::check_tokenizer(*t.value(), file);
  else quire::check_refusal(t.status());
  return 0;
}
