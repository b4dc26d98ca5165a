// Any bytes as a safetensors file, and any bytes as the header of one: refused in words, or all that the
// header of safetensors.h promises is true.
#include "weights/safetensors.h"

#include <cstring>

#include "base/json.h"

namespace quire {
namespace {

// Keys given twice in __metadata__ or anywhere else are refused by both parsers, so they must agree.
void check_header(std::string_view header, const Safetensors& s) {
  const auto json = parse_json(header);
  QUIRE_CHECK(json.ok());
  const Json::Object* members = json.value().object();
  QUIRE_CHECK(members);
  const size_t metadata = json.value().find("__metadata__") ? 1 : 0;
  QUIRE_CHECK(s.size() + metadata == members->size());
  for (const auto& [name, entry] : *members) {
    if (name == "__metadata__") continue;
    const auto at = s.find(name);
    QUIRE_CHECK(at && s.name(*at) == name);
    const StoredTensor t = s.tensor(*at);
    QUIRE_CHECK(*entry.find("dtype")->string() == t.type);
    const Json::Array& shape = *entry.find("shape")->array();
    QUIRE_CHECK(shape.size() == t.shape.size());
    for (size_t i = 0; i < shape.size(); ++i) QUIRE_CHECK(shape[i].integer() == t.shape[i]);
  }
}

void check(const std::vector<std::byte>& file) {
  const auto parsed = Safetensors::parse(file, "f");
  if (!parsed.ok()) {
    QUIRE_CHECK(parsed.status().message().starts_with("f: "));
    QUIRE_CHECK(parsed.status().message().size() < 1000);
    return;
  }
  const Safetensors& s = parsed.value();
  uint64_t header = 0;
  std::memcpy(&header, file.data(), sizeof header);
  check_header({reinterpret_cast<const char*>(file.data()) + 8, header}, s);
  size_t bytes = 0;
  std::byte sum{};
  for (size_t i = 0; i < s.size(); ++i) {
    QUIRE_CHECK(i == 0 || s.name(i - 1) < s.name(i));
    for (const std::byte b : s.tensor(i).bytes) sum ^= b;  // all can be read
    bytes += s.tensor(i).bytes.size();
  }
  std::byte all{};
  for (const std::byte b : std::span(file).subspan(8 + header)) all ^= b;
  QUIRE_CHECK(bytes == file.size() - 8 - header && sum == all);  // and none is left out
}

}  // namespace
}  // namespace quire

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto* begin = reinterpret_cast<const std::byte*>(data);
  quire::check({begin, begin + size});
  for (const size_t tensors : {size_t{0}, size_t{8}}) {  // as a header, with the length that fits
    std::vector<std::byte> file(8 + size + tensors, std::byte{1});
    const uint64_t length = size;
    std::memcpy(file.data(), &length, 8);
    if (size > 0) std::memcpy(file.data() + 8, data, size);
    quire::check(file);
  }
  return 0;
}
