// Every way in which a stranger's safetensors file may lie: each is refused with one sentence that names the
// file and the place, within a second. Items of group 1 of the list of hostile inputs.
#include <doctest/doctest.h>

#include "tests/weights/folder.h"
#include "weights/checkpoint.h"
#include "weights/safetensors.h"

namespace quire {
namespace {

// The refusal of a folder whose model.safetensors has these bytes.
std::string refusal(std::string_view bytes, Code code = Code::kInvalidArgument) {
  const ScratchFolder folder;
  folder.write("config.json", "{}");
  folder.write("model.safetensors", bytes);
  const double begin = cpu_seconds();
  const auto opened = Checkpoint::open(folder.path());
  CHECK(cpu_seconds() - begin < kRefusalSeconds);
  REQUIRE_FALSE(opened.ok());
  const std::string message = opened.status().message();
  CHECK(opened.status().code() == code);
  CHECK(message.starts_with(folder.file("model.safetensors") + ": "));
  CHECK(message.ends_with("."));
  CHECK(message.size() < 700);
  CHECK(message.find('\n') == message.npos);
  return message.substr(folder.path().size() + 1);
}

// ... and whose header is this, with `data` bytes of data behind.
std::string header(std::string_view text, size_t data = 0, Code code = Code::kInvalidArgument) {
  return refusal(safetensors_file(text, std::string(data, '\0')), code);
}

// The refusal of one entry "a" of these fields.
std::string entry(std::string_view fields, size_t data = 0, Code code = Code::kInvalidArgument) {
  return header(R"({"a":{)" + std::string(fields) + "}}", data, code);
}

bool has(const std::string& message, std::string_view part) {
  if (message.find(part) != message.npos) return true;
  MESSAGE("message: ", message);
  return false;
}

constexpr std::string_view kGood = R"("dtype":"F32","shape":[1],"data_offsets":[0,4])";

TEST_CASE("the length of the header") {
  CHECK(has(refusal(""), "is empty"));
  CHECK(has(refusal("1234567"), "has 7 bytes"));
  CHECK(has(refusal(length_prefix(0)), "byte 8: the header must begin with {"));
  CHECK(has(refusal(length_prefix(1)), "but only 0 follow"));
  CHECK(has(refusal(length_prefix(1) + "{"), "byte 9: "));
  CHECK(has(refusal(length_prefix(uint64_t{1} << 63) + "{}"), "9223372036854775808"));
  CHECK(has(refusal(length_prefix(~uint64_t{0}) + "{}"), "18446744073709551615"));
  CHECK(has(refusal(length_prefix(~uint64_t{7}) + "{}"), "18446744073709551608"));
  CHECK(has(refusal(length_prefix(100'000'001) + "{}"), "at most 100000000"));
  CHECK(has(refusal(length_prefix(3) + "{}"), "give the header 3 bytes, but only 2 follow"));
}

TEST_CASE("a pointer of Git LFS") {
  CHECK(has(refusal("version https://git-lfs/spec/v1\noid sha256:0\nsize 1\n"), "git lfs pull"));
}

TEST_CASE("a file cut off anywhere") {
  const std::string whole = safetensors_file({{"a", "F32", "[1]", "abcd"}, {"b", "U8", "[2]", "xy"}});
  for (size_t n = 1; n < whole.size(); ++n) refusal(whole.substr(0, n));
}

TEST_CASE("text that is not a JSON object in UTF-8") {
  CHECK(has(header("{\"a\xff\":1}"), "not valid UTF-8"));
  CHECK(has(header("{\"\xed\xa0\x80\":1}"), "not valid UTF-8"));  // a surrogate
  CHECK(has(header("{\"\xc0\xaf\":1}"), "not valid UTF-8"));      // overlong
  CHECK(has(header("[]"), "must begin with {"));
  CHECK(has(header(" {}"), "must begin with {"));
  CHECK(has(header("\xef\xbb\xbf{}"), "must begin with {"));
  CHECK(has(header("{}x"), "byte 10: nothing more was expected, found x"));
  CHECK(has(header("{}{}"), "nothing more was expected"));
  CHECK(has(header(std::string_view("{}\0", 3)), "nothing more was expected"));
  CHECK(has(header("{"), "found the end"));
  CHECK(has(header("{,}"), "a string was expected"));
  CHECK(has(header("{a:1}"), "a string was expected"));
  CHECK(has(header("{\"a\" 1}"), "a colon was expected, found 1"));
  CHECK(has(header("{\"a"), "a string has no end"));
  CHECK(has(header("{\"a\\"), "a string has no end"));
  CHECK(has(header("{\"a\n\":1}"), "control character"));
  CHECK(has(header("{\"\\x\":1}"), "escape that is not valid"));
  CHECK(has(header("{\"\\ud800\":1}"), "escape that is not valid"));
  CHECK(has(header("{\"\\u00\":1}"), "escape that is not valid"));
  CHECK(has(header(R"({"a":{)" + std::string(kGood) + "},}", 4), "after the comma"));
  CHECK(has(header(R"({"a":{)" + std::string(kGood) + R"(} "b":1})", 4), "a comma or } was expected"));
}

TEST_CASE("depth") {
  for (const int depth : {2, 100'000})
    CHECK(has(header("{\"a\":" + std::string(static_cast<size_t>(depth), '[')),
              "an object was expected, found ["));
  std::string objects = "{";
  for (int i = 0; i < 100'000; ++i) objects += "\"a\":{";
  CHECK(has(header(objects), "found \"a\""));
  CHECK(has(entry(R"("dtype":"F32","shape":)" + std::string(100'000, '[')), "a whole number"));
}

TEST_CASE("many entries") {
  const auto many = [](int n, const auto& write) {
    std::string s = "{";
    for (int i = 0; i < n; ++i) s.append(i ? "," : "").append(write(i));
    return s + "}";
  };
  const auto entry_at = [](const std::string& name, int begin) {
    return "\"" + name + R"(":{"dtype":"U8","shape":[],"data_offsets":[)" + std::to_string(begin) + "," +
           std::to_string(begin + 1) + "]}";
  };
  const auto good = [&](int i) { return entry_at(std::to_string(i), i); };
  // 100,000 are fine; the same with one hole, one name twice, and one too many bytes are not.
  const ScratchFolder folder;
  folder.write("config.json", "{}");
  folder.write("model.safetensors", safetensors_file(many(100'000, good), std::string(100'000, '\0')));
  const auto opened = Checkpoint::open(folder.path());
  REQUIRE(opened.ok());
  CHECK(opened.value()->names().size() == 100'000);
  CHECK(opened.value()->find("77777")->bytes.size() == 1);

  CHECK(has(header(many(100'000, [&](int i) { return good(i + (i > 50'000)); }), 100'001), "a hole"));
  CHECK(has(header(many(100'000, [&](int i) { return entry_at(std::to_string(i % 99'999), i); }), 100'000),
            "\"0\" is given twice"));
  CHECK(has(header(many(100'000, good), 100'001), "the tensors end at data offset 100000"));
  // The limits: a million entries; ten million well-formed ones do not fit into a header of 100 MB, these do.
  CHECK(has(
      header(many(1'000'001, [&](int) { return R"("":{"dtype":"U8","shape":[0],"data_offsets":[0,0]})"; })),
      "more than the 1000000 tensors"));
  CHECK(has(header(many(10'000'000, [](int) { return std::string("\"\":{}"); })), "dtype is missing"));
}

TEST_CASE("names given twice") {
  const std::string one = R"("a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]})";
  const std::string two = R"("a":{"dtype":"U8","shape":[1],"data_offsets":[1,2]})";
  CHECK(has(header("{" + one + "," + two + "}", 2), "the tensor \"a\" is given twice"));
  CHECK(has(header("{" + one + R"(,"\u0061":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}})", 2),
            "the tensor \"a\" is given twice"));
  CHECK(has(header(R"({"__metadata__":{},"__metadata__":{}})"), "given twice"));
  CHECK(has(header(R"({"__metadata__":{"k":"1","k":"2"}})"), "the key \"k\" is given twice"));
  CHECK(has(entry(std::string(kGood) + R"(,"shape":[1])", 4), "shape is given twice"));
}

TEST_CASE("fields of an entry") {
  CHECK(has(header(R"({"a":1})"), "in the entry \"a\", byte 13: an object was expected, found 1"));
  CHECK(has(header(R"({"a":null})"), "an object was expected, found null"));
  CHECK(has(entry(""), "dtype is missing"));
  CHECK(has(entry(R"("dtype":"F32")"), "shape is missing"));
  CHECK(has(entry(R"("dtype":"F32","shape":[])"), "data_offsets is missing"));
  CHECK(has(entry(std::string(kGood) + R"(,"strides":[1])", 4), "found \"strides\""));
  CHECK(has(entry(R"("dtype":5)"), "a string was expected, found 5"));
  CHECK(has(entry(R"("dtype":"F32","shape":1)"), "an array was expected, found 1"));
  CHECK(has(entry(R"("dtype":"F32","shape":[],"data_offsets":{})"), "an array was expected, found {"));
  CHECK(has(entry(R"("dtype":"F32","shape":[],"data_offsets":[0])"), "fewer than two"));
  CHECK(has(entry(R"("dtype":"F32","shape":[],"data_offsets":[0,4,4])", 4), "more than two"));
}

TEST_CASE("unknown dtypes are named") {
  for (const std::string name : {"F99", "f32", "", "F32 ", "float32"})
    CHECK(has(entry(R"("dtype":")" + name + R"(","shape":[1],"data_offsets":[0,4])", 4, Code::kUnsupported),
              "dtype \"" + name + "\" is not known"));
  // What a terminal would act on does not reach it.
  const std::string escape = entry(R"("dtype":"\u001b[2J","shape":[]})", 0, Code::kUnsupported);
  CHECK(escape.find('\x1b') == escape.npos);
  CHECK(has(entry(R"("dtype":")" + std::string(1 << 20, 'x') + R"(")", 0, Code::kUnsupported), "xxx"));
}

TEST_CASE("dimensions and offsets that are no sizes") {
  for (const std::string bad : {"-1", "1.0", "1.5", "1e3", "1e400", "\"4\"", "null", "true", "[]", "{}", "01",
                                "+1", "NaN", "18446744073709551616", "99999999999999999999999"}) {
    CAPTURE(bad);
    CHECK(has(entry(R"("dtype":"F32","shape":[)" + bad + R"(],"data_offsets":[0,4])", 4), "whole number"));
    CHECK(has(entry(R"("dtype":"F32","shape":[1],"data_offsets":[)" + bad + ",4]", 4), "whole number"));
    CHECK(has(entry(R"("dtype":"F32","shape":[1],"data_offsets":[0,)" + bad + "]", 4), "whole number"));
  }
  CHECK(has(entry(R"("dtype":"F32","shape":[0x4],"data_offsets":[0,4])", 4), "expected, found x4"));
  CHECK(has(entry(R"("dtype":"F32","shape":[9223372036854775808],"data_offsets":[0,4])", 4), "too large"));
  CHECK(has(entry(R"("dtype":"F32","shape":[1,1,1,1,1,1,1,1,1],"data_offsets":[0,4])", 4), "8 dimensions"));
  std::string dims = "1";
  for (int i = 0; i < 1'000'000; ++i) dims += ",1";
  CHECK(has(entry(R"("dtype":"F32","shape":[)" + dims + R"(],"data_offsets":[0,4])", 4), "8 dimensions"));
}

TEST_CASE("products that overflow") {
  for (const std::string shape :
       {"[4194305,4194305,211106198978564]", "[4294967296,4294967296]",
        "[9223372036854775807,9223372036854775807]", "[4611686018427387904]", "[2305843009213693952,8]",
        "[4294967296,4294967296,0]", "[9223372036854775807]"}) {
    CAPTURE(shape);
    CHECK(has(entry(R"("dtype":"F32","shape":)" + shape + R"(,"data_offsets":[0,4])", 4), "64 bits"));
    CHECK(has(entry(R"("dtype":"F32","shape":)" + shape + R"(,"data_offsets":[0,0])"), "64 bits"));
  }
}

TEST_CASE("offsets that do not fit the shape") {
  CHECK(has(entry(R"("dtype":"F32","shape":[1],"data_offsets":[0,3])", 3), "enclose 3 bytes"));
  CHECK(has(entry(R"("dtype":"F32","shape":[1],"data_offsets":[0,5])", 5), "takes 4"));
  CHECK(has(entry(R"("dtype":"F32","shape":[],"data_offsets":[0,0])"), "takes 4"));
  CHECK(has(entry(R"("dtype":"F32","shape":[0],"data_offsets":[0,4])", 4), "takes 0"));
  CHECK(has(entry(R"("dtype":"F4","shape":[3],"data_offsets":[0,2])", 2), "a part of one"));
  CHECK(has(entry(R"("dtype":"F4","shape":[3],"data_offsets":[0,1])", 1), "a part of one"));
  CHECK(has(entry(R"("dtype":"F32","shape":[1],"data_offsets":[4,0])", 4), "before they begin"));
  CHECK(has(entry(R"("dtype":"F32","shape":[1],"data_offsets":[0,4])", 3), "only 3 bytes behind its header"));
  CHECK(has(entry(R"("dtype":"U8","shape":[4],"data_offsets":[18446744073709551612,18446744073709551616])"),
            "whole number"));
  CHECK(has(entry(R"("dtype":"U8","shape":[4],"data_offsets":[18446744073709551611,18446744073709551615])"),
            "only 0 bytes"));
}

TEST_CASE("holes, overlaps and trailing bytes") {
  const auto two = [](std::string_view a, std::string_view b, size_t data) {
    return header(R"({"a":{"dtype":"U8","shape":[2],"data_offsets":)" + std::string(a) +
                      R"(},"b":{"dtype":"U8","shape":[2],"data_offsets":)" + std::string(b) + "}}",
                  data);
  };
  CHECK(has(two("[1,3]", "[3,5]", 5),
            "\"a\" begins at data offset 1, but the one before it ends at 0: a hole"));
  CHECK(has(two("[0,2]", "[3,5]", 5),
            "\"b\" begins at data offset 3, but the one before it ends at 2: a hole"));
  CHECK(has(two("[0,2]", "[1,3]", 3), "an overlap"));
  CHECK(has(two("[0,2]", "[0,2]", 2), "an overlap"));
  CHECK(has(two("[1,3]", "[0,2]", 3), "an overlap"));
  CHECK(has(two("[0,2]", "[2,4]", 5), "end at data offset 4, but the file has 5"));
  CHECK(has(header("{}", 1), "end at data offset 0, but the file has 1"));
}

TEST_CASE("metadata") {
  for (const std::string bad : {"1", "null", "[]", "\"x\"", R"({"k":1})", R"({"k":null})", R"({"k":{}})"}) {
    CAPTURE(bad);
    CHECK(has(header(R"({"__metadata__":)" + bad + "}"), "in the entry \"__metadata__\""));
  }
  std::string many;
  for (int i = 0; i < 70'000; ++i) many += (i ? ",\"" : "\"") + std::to_string(i) + "\":\"\"";
  CHECK(has(header(R"({"__metadata__":{)" + many + "}}"), "more than the 65536 members"));
}

}  // namespace
}  // namespace quire
