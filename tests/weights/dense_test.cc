// Plain matrices and vectors: every bit pattern, every range, and what is refused.
#include <doctest/doctest.h>

#include <bit>
#include <cmath>

#include "tensor/half.h"
#include "tests/weights/folder.h"
#include "weights/checkpoint.h"
#include "weights/finite.h"
#include "weights/floats.h"
#include "weights/format.h"
#include "weights/vector.h"

namespace quire {
namespace {

std::unique_ptr<Checkpoint> checkpoint(const ScratchFolder& folder, const std::vector<TestTensor>& tensors) {
  folder.write("config.json", "{}");
  folder.write("model.safetensors", safetensors_file(tensors));
  auto opened = Checkpoint::open(folder.path());
  INFO(opened.status().message());
  REQUIRE(opened.ok());
  return std::move(opened).value();
}

bool has(const std::string& message, std::string_view part) {
  if (message.find(part) != message.npos) return true;
  MESSAGE("message: ", message);
  return false;
}

// binary16 by its definition: sign, 5 bits of exponent with bias 15, 10 of fraction.
float half_by_definition(uint16_t bits) {
  const float sign = bits & 0x8000 ? -1.0f : 1.0f;
  const int exponent = bits >> 10 & 31, fraction = bits & 1023;
  if (exponent == 31) return fraction ? NAN : sign * INFINITY;
  if (exponent == 0) return sign * std::ldexp(static_cast<float>(fraction), -24);
  return sign * std::ldexp(static_cast<float>(1024 + fraction), exponent - 25);
}

TEST_CASE("f16 to f32, all 65536 patterns") {
  for (uint32_t b = 0; b < 0x10000; ++b) {
    const auto bits = static_cast<uint16_t>(b);
    const float is = half_to_float(bits), expected = half_by_definition(bits);
    if (std::isnan(expected) ? std::isnan(is)
                             : std::bit_cast<uint32_t>(is) == std::bit_cast<uint32_t>(expected))
      continue;
    FAIL("pattern ", b, " gives ", is, ", not ", expected);
  }
  CHECK(std::bit_cast<uint32_t>(half_to_float(0x0001)) == 0x33800000);  // the smallest subnormal, 2^-24
  CHECK(std::bit_cast<uint32_t>(half_to_float(0x03ff)) == 0x387fc000);  // the largest
  CHECK(std::bit_cast<uint32_t>(half_to_float(0x7bff)) == 0x477fe000);  // 65504
  CHECK(std::bit_cast<uint32_t>(half_to_float(0x8000)) == 0x80000000);  // -0
  CHECK(std::bit_cast<uint32_t>(half_to_float(0xfc00)) == 0xff800000);  // -infinity
}

TEST_CASE("bf16 to f32 and back") {
  CHECK(bf16_to_float(0x3f80) == 1.0f);
  CHECK(bf16_to_float(0x0001) == std::ldexp(1.0f, -133));
  CHECK(float_to_bf16(std::bit_cast<float>(0x3f808000u)) == 0x3f80);  // half way: to even
  CHECK(float_to_bf16(std::bit_cast<float>(0x3f818000u)) == 0x3f82);
  CHECK(float_to_bf16(std::bit_cast<float>(0x3f808001u)) == 0x3f81);
  CHECK(float_to_bf16(INFINITY) == 0x7f80);
  CHECK(std::isnan(bf16_to_float(float_to_bf16(std::bit_cast<float>(0x7f800001u)))));
}

TEST_CASE("values that are not finite are found, wherever they stand") {
  const auto find = [](Elem elem, const std::string& s) {
    return find_non_finite(elem, {reinterpret_cast<const std::byte*>(s.data()), s.size()});
  };
  for (uint32_t b = 0; b < 0x10000; ++b) {
    const auto bits = static_cast<uint16_t>(b);
    const std::string s = words<uint16_t>({bits});
    if (find(Elem::kF16, s).has_value() == std::isfinite(half_to_float(bits))) FAIL("f16 pattern ", b);
    if (find(Elem::kBF16, s).has_value() == std::isfinite(bf16_to_float(bits))) FAIL("bf16 pattern ", b);
    const uint32_t wide = b << 16 | 0x1234;
    if (find(Elem::kF32, words<uint32_t>({wide})).has_value() == std::isfinite(std::bit_cast<float>(wide)))
      FAIL("f32 pattern ", wide);
  }
  for (const size_t n : {1u, 7u, 4095u, 4096u, 4097u, 10'000u})
    for (const size_t at : {size_t{0}, n / 2, n - 1}) {
      std::string s(2 * n + 1, '\0');  // from the second byte on: at an odd address
      CHECK_FALSE(find(Elem::kBF16, s.substr(1)));
      s[2 * at + 1] = static_cast<char>(0x80), s[2 * at + 2] = 0x7f;
      CHECK(find_non_finite(Elem::kBF16, std::as_bytes(std::span(s)).subspan(1)) == static_cast<int64_t>(at));
    }
  CHECK_FALSE(find(Elem::kF32, ""));
}

// A 3 x 4 matrix with the value 10 * row + column, stored as `type`, behind one byte.
std::string stored(std::string_view type) {
  std::string s;
  for (int r = 0; r < 3; ++r)
    for (int c = 0; c < 4; ++c) {
      const auto v = static_cast<float>(10 * r + c);
      const uint32_t f32 = std::bit_cast<uint32_t>(v);
      uint16_t half = 0;
      while (half_to_float(half) != v) ++half;
      if (type == "F32") s += words<uint32_t>({f32});
      if (type == "F16") s += words<uint16_t>({half});
      if (type == "BF16") s += words<uint16_t>({float_to_bf16(v)});
    }
  return s;
}

TEST_CASE("every range of a matrix of every type") {
  for (const char* type : {"F32", "F16", "BF16"}) {
    CAPTURE(type);
    const ScratchFolder folder;
    const auto c = checkpoint(folder, {{"odd", "U8", "[1]", "x"}, {"m.weight", type, "[3,4]", stored(type)}});
    const auto format = find_format(*c, "m");
    REQUIRE(format.ok());
    const WeightFormat& f = *format.value();
    CHECK(f.name == "dense");
    const auto m = f.describe(*c, "m");
    REQUIRE(m.ok());
    CHECK(m.value().out == 3);
    CHECK(m.value().in == 4);
    CHECK(m.value().layout == WeightLayout{.elem = *float_elem(type)});
    for (int o0 = 0; o0 <= 3; ++o0)
      for (int o1 = o0; o1 <= 3; ++o1)
        for (int i0 = 0; i0 <= 4; ++i0)
          for (int i1 = i0; i1 <= 4; ++i1) {
            const Range out{o0, o1}, in{i0, i1};
            std::vector<std::byte> to(f.bytes(m.value(), out, in));
            REQUIRE(to.size() ==
                    static_cast<size_t>((o1 - o0) * (i1 - i0)) * float_bytes(m.value().layout.elem));
            REQUIRE(f.repack(*c, "m", out, in, to).ok());
            const Weight w{.layout = m.value().layout, .out = o1 - o0, .in = i1 - i0, .data = to.data()};
            std::vector<float> row(static_cast<size_t>(w.in));
            for (int r = 0; r < w.out; ++r) {
              f.decode_row(w, r, row);
              for (int k = 0; k < w.in; ++k)
                CHECK(row[static_cast<size_t>(k)] == static_cast<float>(10 * (o0 + r) + i0 + k));
            }
          }
  }
}

TEST_CASE("matrices with NaN or infinity are refused by place") {
  const ScratchFolder folder;
  const auto c =
      checkpoint(folder, {{"a.weight", "BF16", "[2,2]", words<uint16_t>({0, 0, 0, 0x7fc0})},
                          {"b.weight", "F16", "[2,2]", words<uint16_t>({0, 0xfc00, 0, 0})},
                          {"c.weight", "F32", "[1,2]", words<uint32_t>({0x7f7fffff, 0x7f800001})}});
  const auto refused = [&](std::string_view prefix, Range out, Range in) {
    const auto format = find_format(*c, prefix);
    REQUIRE(format.ok());
    std::vector<std::byte> to(format.value()->bytes(format.value()->describe(*c, prefix).value(), out, in));
    return format.value()->repack(*c, prefix, out, in, to).message();
  };
  const std::string file = folder.file("model.safetensors") + ": ";
  CHECK(has(refused("a", {0, 2}, {0, 2}), file + "\"a.weight\" is NaN or infinite at [1, 1]"));
  CHECK(has(refused("a", {1, 2}, {1, 2}), "at [1, 1]"));
  CHECK(refused("a", {0, 2}, {0, 1}).empty());  // another rank's share
  CHECK(has(refused("b", {0, 2}, {0, 2}), "at [0, 1]"));
  CHECK(has(refused("c", {0, 1}, {0, 2}), "at [0, 1]"));
}

TEST_CASE("matrices that are none") {
  const ScratchFolder folder;
  const auto c = checkpoint(folder, {{"zero.weight", "F32", "[0,4]", ""},
                                     {"row.weight", "F32", "[1]", "1234"},
                                     {"cube.weight", "BF16", "[1,2,1]", "1234"},
                                     {"wide.weight", "F32", "[0,2147483648]", ""},
                                     {"ints.weight", "I32", "[1,1]", "1234"},
                                     {"gptq.qweight", "I32", "[1,1]", "1234"},
                                     {"gptq.qzeros", "I32", "[1,1]", "1234"},
                                     {"gptq.scales", "F16", "[1,1]", "12"},
                                     {"fp8.weight", "F8_E4M3", "[1,1]", "1"},
                                     {"fp8.weight_scale_inv", "F32", "[1,1]", "1234"},
                                     {"scaled.weight", "BF16", "[1,1]", "12"},
                                     {"scaled.weight_scale", "F32", "[]", "1234"}});
  for (const char* prefix : {"zero", "row", "cube", "wide"}) {
    CAPTURE(prefix);
    const auto f = find_format(*c, prefix);
    REQUIRE(f.ok());
    const auto m = f.value()->describe(*c, prefix);
    REQUIRE_FALSE(m.ok());
    CHECK(has(m.status().message(), std::string(prefix) + ".weight\" has shape ["));
  }
  const auto refused = [&](std::string_view prefix, Code code) {
    const auto f = find_format(*c, prefix);
    REQUIRE_FALSE(f.ok());
    CHECK(f.status().code() == code);
    return f.status().message();
  };
  CHECK(has(refused("none", Code::kNotFound), "\"none.weight\" is missing"));
  CHECK(has(refused("gpt", Code::kNotFound), "\"gpt.weight\" is missing"));
  CHECK(has(refused("ints", Code::kUnsupported), "weight (I32)"));
  CHECK(has(refused("gptq", Code::kUnsupported), "qweight (I32), qzeros (I32), scales (F16): GPTQ or AWQ"));
  CHECK(has(refused("fp8", Code::kUnsupported), "weight (F8_E4M3), weight_scale_inv (F32): FP8"));
  CHECK(has(refused("scaled", Code::kUnsupported), "weight_scale (F32)"));
}

TEST_CASE("vectors") {
  const ScratchFolder folder;
  const auto c = checkpoint(folder, {{"odd", "U8", "[1]", "x"},
                                     {"f32", "F32", "[2]", words<uint32_t>({0x3f800000, 0x80000001})},
                                     {"f16", "F16", "[3]", words<uint16_t>({0x3c00, 0x0001, 0xc000})},
                                     {"bf16", "BF16", "[1]", words<uint16_t>({0x4049})},
                                     {"nan", "F32", "[2]", words<uint32_t>({0, 0x7fc00000})},
                                     {"inf", "F16", "[1]", words<uint16_t>({0x7c00})},
                                     {"int", "I8", "[1]", "x"},
                                     {"matrix", "BF16", "[1,2]", "1234"},
                                     {"scalar", "F32", "[]", words<uint32_t>({0})},
                                     {"empty", "F32", "[0]", ""}});
  CHECK(read_vector(*c, "f32", 2).value() == std::vector<float>{1.0f, -std::ldexp(1.0f, -149)});
  CHECK(read_vector(*c, "f16", 3).value() == std::vector<float>{1.0f, std::ldexp(1.0f, -24), -2.0f});
  CHECK(read_vector(*c, "bf16", 1).value() == std::vector<float>{3.140625f});
  CHECK(read_vector(*c, "empty", 0).value().empty());
  const auto refused = [&](std::string_view name, int32_t length, Code code) {
    const auto v = read_vector(*c, name, length);
    REQUIRE_FALSE(v.ok());
    CHECK(v.status().code() == code);
    return v.status().message();
  };
  CHECK(has(refused("none", 1, Code::kNotFound), "\"none\" is missing"));
  CHECK(has(refused("int", 1, Code::kUnsupported), "\"int\" has type I8"));
  CHECK(has(refused("f32", 3, Code::kInvalidArgument), "has shape [2]; [3] is needed"));
  CHECK(has(refused("matrix", 2, Code::kInvalidArgument), "has shape [1, 2]"));
  CHECK(has(refused("scalar", 1, Code::kInvalidArgument), "has shape []"));
  CHECK(has(refused("nan", 2, Code::kInvalidArgument), "\"nan\" is NaN or infinite at [1]"));
  CHECK(has(refused("inf", 1, Code::kInvalidArgument), "at [0]"));
}

}  // namespace
}  // namespace quire
