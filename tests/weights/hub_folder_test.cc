// Model folders: what opens, and what is said about those that do not.
#include <doctest/doctest.h>
#include <sys/stat.h>

#include <filesystem>

#include "tests/weights/folder.h"
#include "weights/checkpoint.h"

namespace quire {
namespace {

constexpr const char *kSingle = "model.safetensors", *kIndex = "model.safetensors.index.json";

std::string refusal(const std::string& path, Code code) {
  const double begin = cpu_seconds();
  const auto opened = Checkpoint::open(path);
  CHECK(cpu_seconds() - begin < kRefusalSeconds);
  REQUIRE_FALSE(opened.ok());
  CHECK(opened.status().code() == code);
  CHECK(opened.status().message().starts_with(path));
  CHECK(opened.status().message().ends_with("."));
  return opened.status().message();
}

bool has(const std::string& message, std::string_view part) {
  if (message.find(part) != message.npos) return true;
  MESSAGE("message: ", message);
  return false;
}

std::string text(const std::optional<StoredTensor>& t) {
  return t ? std::string(reinterpret_cast<const char*>(t->bytes.data()), t->bytes.size()) : "none";
}

std::string map(std::string_view weight_map) {
  return R"({"metadata":{"total_size":1},"weight_map":{)" + std::string(weight_map) + "}}";
}

TEST_CASE("one file") {
  const ScratchFolder folder;
  folder.write("config.json", R"({"architectures":["X"]})");
  folder.write(kSingle, safetensors_file({{"b", "U8", "[2]", "xy"}, {"a", "U8", "[1]", "z"}}));
  const auto opened = Checkpoint::open(folder.path() + "//");
  REQUIRE(opened.ok());
  const Checkpoint& c = *opened.value();
  CHECK(c.path() == folder.path());
  CHECK(c.names() == std::vector<std::string_view>{"a", "b"});
  CHECK(text(c.find("a")) == "z");
  CHECK(text(c.find("b")) == "xy");
  CHECK(text(c.find("c")) == "none");
  CHECK(c.config().find("architectures") != nullptr);
  CHECK(c.where("a") == folder.file(kSingle) + ": \"a\"");
  c.drop("b");
  c.drop("none");
  CHECK(text(c.find("b")) == "xy");  // dropped bytes come back from the file
}

TEST_CASE("shards, one of them a link, tensors that the index leaves out") {
  const ScratchFolder folder;
  folder.write("config.json", "{}");
  folder.write("blob", safetensors_file({{"b", "U8", "[1]", "B"}, {"left", "U8", "[1]", "-"}}));
  std::filesystem::create_symlink("blob", folder.file("s2.safetensors"));
  folder.write("s1.safetensors", safetensors_file({{"c", "U8", "[1]", "C"}, {"a", "U8", "[1]", "A"}}));
  folder.write(kIndex, map(R"("c":"s1.safetensors","b":"s2.safetensors","\u0061":"s1.safetensors")"));
  const auto opened = Checkpoint::open(folder.path());
  REQUIRE(opened.ok());
  const Checkpoint& c = *opened.value();
  CHECK(c.names() == std::vector<std::string_view>{"a", "b", "c"});
  CHECK(text(c.find("a")) == "A");
  CHECK(text(c.find("b")) == "B");
  CHECK(text(c.find("c")) == "C");
  CHECK(text(c.find("left")) == "none");
  CHECK(c.where("b") == folder.file("s2.safetensors") + ": \"b\"");
}

TEST_CASE("the single file comes before an index") {
  const ScratchFolder folder;
  folder.write("config.json", "{}");
  folder.write(kSingle, safetensors_file({{"a", "U8", "[1]", "x"}}));
  folder.write(kIndex, "not read");
  REQUIRE(Checkpoint::open(folder.path()).ok());
}

TEST_CASE("the config alone") {
  const ScratchFolder folder;
  folder.write("config.json", R"({"vocab_size":7})");
  const auto opened = Checkpoint::open_config(folder.path());
  REQUIRE(opened.ok());
  CHECK(opened.value()->config().find("vocab_size")->integer() == 7);
  CHECK(opened.value()->names().empty());
  CHECK_FALSE(opened.value()->find("a"));
  CHECK_FALSE(Checkpoint::open_config(folder.path() + "/none").ok());
}

TEST_CASE("folders that are not models") {
  const ScratchFolder folder;
  CHECK(has(refusal(folder.path() + "/none", Code::kNotFound), "no such folder"));
  CHECK(has(refusal(folder.path(), Code::kNotFound), "has no config.json"));
  folder.write("x.gguf", "GGUF");
  CHECK(has(refusal(folder.file("x.gguf"), Code::kUnsupported), "GGUF is not supported yet"));
  folder.write("config.json", "{}");
  CHECK(has(refusal(folder.file("config.json"), Code::kInvalidArgument), "is not a folder"));
  CHECK(has(refusal(folder.path(), Code::kUnsupported), "GGUF is not supported yet"));
  std::filesystem::remove(folder.file("x.gguf"));
  CHECK(has(refusal(folder.path(), Code::kNotFound), "fetch the model's weights"));
  folder.write("pytorch_model.bin", "");
  CHECK(has(refusal(folder.path(), Code::kUnsupported), "\"pytorch_model.bin\", which can run code"));
  std::filesystem::remove(folder.file("pytorch_model.bin"));
  folder.write("model-00001-of-00002.safetensors", "");
  CHECK(has(refusal(folder.path(), Code::kNotFound), "fetch the index too"));
}

TEST_CASE("configs that are none") {
  const ScratchFolder folder;
  folder.write(kSingle, safetensors_file("{}"));
  const auto refused = [&](std::string_view config) {
    folder.write("config.json", config);
    const std::string message = refusal(folder.path(), Code::kInvalidArgument);
    CHECK(message.starts_with(folder.file("config.json") + ": "));
    return message;
  };
  CHECK(has(refused(""), "not valid JSON"));
  CHECK(has(refused("{"), "not valid JSON at byte"));
  CHECK(has(refused("[]"), "must be an object, found an array"));
  CHECK(has(refused("null"), "must be an object, found null"));
  CHECK(has(refused(R"({"a":1,"a":2})"), "given twice"));
  CHECK(has(refused("{\"a\":\"\xff\"}"), "not valid JSON"));
  CHECK(has(refused(std::string(100'000, '[')), "nested deeper"));
  CHECK(has(refused("{\"a\":" + std::string(17 << 20, ' ') + "1}"), "larger than"));
  std::filesystem::remove(folder.file("config.json"));
  REQUIRE(mkfifo(folder.file("config.json").c_str(), 0600) == 0);  // reading it would wait for ever
  CHECK(has(refusal(folder.path(), Code::kInvalidArgument), "is not a file"));
}

TEST_CASE("weights that are no regular files") {
  const ScratchFolder folder;
  folder.write("config.json", "{}");
  REQUIRE(mkfifo(folder.file(kSingle).c_str(), 0600) == 0);
  CHECK(has(refusal(folder.path(), Code::kInvalidArgument), "is not a regular file"));
  std::filesystem::remove(folder.file(kSingle));
  std::filesystem::create_directory(folder.file(kSingle));
  CHECK(has(refusal(folder.path(), Code::kInvalidArgument), "is a folder"));
  std::filesystem::remove(folder.file(kSingle));
  std::filesystem::create_symlink("nothing", folder.file(kSingle));
  CHECK(has(refusal(folder.path(), Code::kNotFound), "a link to nothing"));
  std::filesystem::remove(folder.file(kSingle));
  std::filesystem::create_symlink(kSingle, folder.file(kSingle));
  refusal(folder.path(), Code::kInvalidArgument);  // a link to itself
}

TEST_CASE("an index that names no plain files") {
  const ScratchFolder folder;
  folder.write("config.json", "{}");
  folder.write("s.safetensors", safetensors_file({{"a", "U8", "[1]", "x"}}));
  for (const std::string file :
       {"../../etc/passwd", "/etc/passwd", "../s.safetensors", "sub/s.safetensors", "/s.safetensors", "..",
        ".", "", "s\\\\s.safetensors", ".safetensors", "s.safetensors\\u0000.safetensors", "s.bin",
        "config.json", "model.safetensors.index.json", "./s.safetensors", "s.safetensors/"}) {
    CAPTURE(file);
    folder.write(kIndex, map("\"a\":\"" + file + "\""));
    const std::string message = refusal(folder.path(), Code::kInvalidArgument);
    CHECK(message.starts_with(folder.file(kIndex) + ": byte "));
    CHECK(has(message, "weight_map places \"a\" in "));
  }
  folder.write(kIndex, map("\"a\":\"" + std::string(300, 'x') + ".safetensors\""));
  CHECK(has(refusal(folder.path(), Code::kInvalidArgument), "not the plain name"));
}

TEST_CASE("shards that are missing or lead in a circle") {
  const ScratchFolder folder;
  folder.write("config.json", "{}");
  folder.write(kIndex, map(R"("a":"s.safetensors")"));
  CHECK(has(refusal(folder.path(), Code::kNotFound), "names the shard \"s.safetensors\", which is not in"));
  std::filesystem::create_symlink("t.safetensors", folder.file("s.safetensors"));
  std::filesystem::create_symlink("s.safetensors", folder.file("t.safetensors"));
  refusal(folder.path(), Code::kInvalidArgument);
  std::filesystem::remove(folder.file("s.safetensors"));
  std::filesystem::create_symlink(kIndex, folder.file("s.safetensors"));  // a shard that is the index
  CHECK(has(refusal(folder.path(), Code::kInvalidArgument), "s.safetensors: its first 8 bytes"));
  std::filesystem::remove(folder.file("s.safetensors"));
  folder.write("s.safetensors", safetensors_file({{"b", "U8", "[1]", "x"}}));
  CHECK(has(refusal(folder.path(), Code::kInvalidArgument),
            "places \"a\" in \"s.safetensors\", but that file has no such tensor"));
  folder.write("s.safetensors", safetensors_file("{}", "x"));
  CHECK(has(refusal(folder.path(), Code::kInvalidArgument), "s.safetensors: header: the tensors end"));
}

TEST_CASE("an index that is not one") {
  const ScratchFolder folder;
  folder.write("config.json", "{}");
  folder.write("s.safetensors", safetensors_file({{"a", "U8", "[1]", "x"}}));
  const auto refused = [&](std::string_view index) {
    folder.write(kIndex, index);
    const std::string message = refusal(folder.path(), Code::kInvalidArgument);
    CHECK(message.starts_with(folder.file(kIndex) + ": "));
    return message;
  };
  CHECK(has(refused(""), "is empty"));
  CHECK(has(refused("[]"), "an object was expected"));
  CHECK(has(refused("{}"), "weight_map is missing"));
  CHECK(has(refused("{\"\xff\":1}"), "not valid UTF-8"));
  CHECK(has(refused(R"({"weight_map":[]})"), "an object was expected"));
  CHECK(has(refused(R"({"weight_map":{"a":1}})"), "a string was expected, found 1"));
  CHECK(has(refused(R"({"weight_map":{},"weight_map":{}})"), "given twice"));
  CHECK(has(refused(map(R"("a":"s.safetensors","a":"s.safetensors")")), "names \"a\" twice"));
  CHECK(has(refused(R"({"metadata":)" + std::string(100'000, '[')), "nested deeper"));
  CHECK(has(refused(R"({"metadata":nul,"weight_map":{}})"), "not valid JSON"));
  CHECK(has(refused(map("") + "x"), "nothing more was expected"));
  std::string others = "{";
  for (int i = 0; i < 2000; ++i) others += "\"" + std::to_string(i) + "\":1,";
  CHECK(has(refused(others + "\"weight_map\":{}}"), "more than the 1000 members"));
  std::string many;
  for (int i = 0; i < 100'000; ++i)
    many += "\"t" + std::to_string(i) + "\":\"" + std::to_string(i) + ".safetensors\",";
  CHECK(has(refused(map(many + "\"a\":\"s.safetensors\"")), "more than the 10000 files"));
}

}  // namespace
}  // namespace quire
