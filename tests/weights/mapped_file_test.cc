// Files mapped into memory: their bytes, and what cannot be mapped.
#include "weights/mapped_file.h"

#include <doctest/doctest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

#include "tests/weights/folder.h"

namespace quire {
namespace {

std::string text(std::span<const std::byte> b) { return {reinterpret_cast<const char*>(b.data()), b.size()}; }

TEST_CASE("bytes stay when the object moves, the file goes, and pages are dropped") {
  const ScratchFolder folder;
  std::string content;
  for (int i = 0; i < 5000; ++i) content += std::to_string(i) + " ";
  folder.write("f", content);
  auto opened = MappedFile::open(folder.file("f"));
  REQUIRE(opened.ok());
  MappedFile file = std::move(opened).value();
  std::filesystem::remove(folder.file("f"));
  CHECK(text(file.bytes()) == content);
  for (const auto& [begin, size] :
       {std::pair<size_t, size_t>{0, 0}, {0, 1}, {5000, 9000}, {4095, 2}, {0, content.size()}}) {
    file.drop(file.bytes().subspan(begin, size));
    CHECK(text(file.bytes()) == content);
  }
  folder.write("g", "other");
  auto second = MappedFile::open(folder.file("g"));
  REQUIRE(second.ok());
  file = std::move(second).value();
  CHECK(text(file.bytes()) == "other");
}

TEST_CASE("what is no readable file") {
  const ScratchFolder folder;
  const auto refused = [&](std::string_view name, Code code) {
    const auto opened = MappedFile::open(folder.file(name));
    REQUIRE_FALSE(opened.ok());
    CHECK(opened.status().code() == code);
    CHECK(opened.status().message().starts_with(folder.file(name) + ": "));
    return opened.status().message().substr(folder.file(name).size() + 2);
  };
  CHECK(refused("none", Code::kNotFound) == "there is no such file (or it is a link to nothing).");
  CHECK(refused("", Code::kInvalidArgument) == "is a folder, not a file.");
  folder.write("empty", "");
  CHECK(refused("empty", Code::kInvalidArgument) == "is empty.");
  CHECK(refused("empty/x", Code::kNotFound) == "there is no such file (or it is a link to nothing).");
  REQUIRE(mkfifo(folder.file("pipe").c_str(), 0600) == 0);
  CHECK(refused("pipe", Code::kInvalidArgument) == "is not a regular file.");
  refused(std::string(5000, 'x'), Code::kInvalidArgument);
  if (geteuid() != 0) {  // root reads everything
    folder.write("secret", "x");
    REQUIRE(chmod(folder.file("secret").c_str(), 0) == 0);
    CHECK(refused("secret", Code::kInvalidArgument) == "this user may not read the file.");
  }
}

}  // namespace
}  // namespace quire
