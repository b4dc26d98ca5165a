// Good safetensors files: whatever the order, the alignment and the size, names and bytes are those written.
#include "weights/safetensors.h"

#include <doctest/doctest.h>

#include <cstring>

#include "tests/weights/folder.h"

namespace quire {
namespace {

std::span<const std::byte> bytes_of(const std::string& s) {
  return {reinterpret_cast<const std::byte*>(s.data()), s.size()};
}

std::string text(std::span<const std::byte> b) { return {reinterpret_cast<const char*>(b.data()), b.size()}; }

TEST_CASE("names, types, shapes and bytes") {
  const std::string file = safetensors_file(
      {{"b", "U8", "[3]", "xyz"}, {"a.weight", "BF16", "[2,1]", "abcd"}, {"c", "F32", "[]", "1234"}});
  const auto parsed = Safetensors::parse(bytes_of(file), "f");
  REQUIRE(parsed.ok());
  const Safetensors& s = parsed.value();
  REQUIRE(s.size() == 3);
  CHECK(s.name(0) == "a.weight");
  CHECK(s.name(1) == "b");
  CHECK(s.name(2) == "c");
  CHECK(s.find("b") == 1);
  CHECK_FALSE(s.find("bb"));
  CHECK_FALSE(s.find(""));
  const StoredTensor a = s.tensor(0);
  CHECK(a.type == "BF16");
  CHECK(std::vector(a.shape.begin(), a.shape.end()) == std::vector<int64_t>{2, 1});
  CHECK(text(a.bytes) == "abcd");  // at an odd place: three bytes come before it
  CHECK(text(s.tensor(1).bytes) == "xyz");
  CHECK(s.tensor(2).shape.empty());
  CHECK(text(s.tensor(2).bytes) == "1234");
}

TEST_CASE("no tensors, spaces behind the header, metadata, fields in any order, escapes") {
  const std::string empty = safetensors_file("{}   ");
  REQUIRE(Safetensors::parse(bytes_of(empty), "f").ok());
  CHECK(Safetensors::parse(bytes_of(empty), "f").value().size() == 0);

  const std::string file = safetensors_file(
      R"({ "__metadata__" : {"format":"pt", "\u00e9":"\n"},
  "\u0061\"\ud83d\ude00": { "data_offsets" : [ 0 , 2 ], "shape" : [ 2 ], "dtype" : "I8" } }  )",
      "pq");
  auto parsed = Safetensors::parse(bytes_of(file), "f");
  REQUIRE(parsed.ok());
  const Safetensors moved = std::move(parsed).value();  // names with escapes move along
  const auto found = moved.find("a\"\xf0\x9f\x98\x80");
  REQUIRE(found);
  CHECK(text(moved.tensor(*found).bytes) == "pq");
}

TEST_CASE("tensors of no bytes stand anywhere") {
  const std::string file = safetensors_file({{"z0", "F32", "[0]", ""},
                                             {"a", "U8", "[1]", "x"},
                                             {"z1", "F32", "[4,0,9223372036854775]", ""},
                                             {"b", "U8", "[1]", "y"},
                                             {"z2", "BOOL", "[0,0]", ""}});
  const auto parsed = Safetensors::parse(bytes_of(file), "f");
  INFO(parsed.status().message());
  // The product 4 * 0 * n does not overflow in the order it is written.
  REQUIRE(parsed.ok());
  for (const char* name : {"z0", "z1", "z2"}) {
    const auto at = parsed.value().find(name);
    REQUIRE(at);
    CHECK(parsed.value().tensor(*at).bytes.empty());
  }
  CHECK(text(parsed.value().tensor(*parsed.value().find("b")).bytes) == "y");
}

TEST_CASE("the size of every type") {
  const std::pair<const char*, size_t> types[] = {
      {"F64", 64},    {"I64", 64}, {"U64", 64},        {"C64", 64},       {"F32", 32},    {"I32", 32},
      {"U32", 32},    {"F16", 16}, {"BF16", 16},       {"I16", 16},       {"U16", 16},    {"I8", 8},
      {"U8", 8},      {"BOOL", 8}, {"F8_E4M3", 8},     {"F8_E5M2", 8},    {"F8_E8M0", 8}, {"F6_E2M3", 6},
      {"F6_E3M2", 6}, {"F4", 4},   {"F8_E4M3FNUZ", 8}, {"F8_E5M2FNUZ", 8}};
  for (const auto& [name, bits] : types) {
    CAPTURE(name);
    const std::string file = safetensors_file({{"t", name, "[4]", std::string(4 * bits / 8, 'x')}});
    const auto parsed = Safetensors::parse(bytes_of(file), "f");
    REQUIRE(parsed.ok());
    CHECK(parsed.value().tensor(0).type == name);
    const std::string more = safetensors_file({{"t", name, "[4]", std::string(4 * bits / 8 + 1, 'x')}});
    CHECK_FALSE(Safetensors::parse(bytes_of(more), "f").ok());
  }
}

}  // namespace
}  // namespace quire
