// Weights kept for the next start: what is found again, and what is not believed.
#include "weights/weight_cache.h"

#include <doctest/doctest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <sstream>

#include "tests/scratch_folder.h"

namespace quire {
namespace {

namespace fs = std::filesystem;
using Bytes = std::vector<std::byte>;

constexpr int64_t kMuch = int64_t{1} << 40;

Bytes bytes_like(size_t count, uint32_t seed) {
  Bytes b(count);
  for (std::byte& x : b) x = static_cast<std::byte>((seed = seed * 1664525 + 1013904223) >> 24);
  return b;
}

struct Kept {
  std::vector<Bytes> pieces;
  std::vector<std::span<const std::byte>> spans;
  explicit Kept(std::vector<Bytes> p) : pieces(std::move(p)), spans(pieces.begin(), pieces.end()) {}
};

bool same(const CachedWeights& found, const Kept& kept) {
  if (found.pieces() != kept.spans.size()) return false;
  for (size_t i = 0; i < kept.spans.size(); ++i)
    if (!std::ranges::equal(found.piece(i), kept.spans[i])) return false;
  return true;
}

std::string read(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream(path, std::ios::binary).rdbuf();
  return text.str();
}
void write(const std::string& path, const std::string& text) {
  std::ofstream(path, std::ios::binary) << text;
}

const std::atomic<bool> kGoOn{false};

TEST_CASE("what was kept is found again, under its key only") {
  const ScratchFolder scratch;
  const WeightCache cache(scratch.file("a/b/weights"), kMuch);
  ThreadPool threads(2);
  CHECK(cache.find("key", threads) == nullptr);
  // Slices of several pieces, pieces of several slices, odd ends and nothing at all.
  const Kept kept(
      {bytes_like(100, 1), {}, bytes_like((9 << 20) + 3, 2), bytes_like(64, 3), bytes_like(1, 4)});
  REQUIRE(cache.keep("key", kept.spans, kGoOn).ok());
  const auto found = cache.find("key", threads);
  REQUIRE(found != nullptr);
  CHECK(same(*found, kept));
  for (size_t i = 0; i < found->pieces(); ++i)
    CHECK(reinterpret_cast<uintptr_t>(found->piece(i).data()) % WeightCache::kPieceAlign == 0);
  CHECK(cache.find("kez", threads) == nullptr);
  CHECK(cache.find("", threads) == nullptr);
  struct stat info = {};
  REQUIRE(stat(scratch.file("a/b/weights").c_str(), &info) == 0);
  CHECK((info.st_mode & 0777) == 0700);
}

TEST_CASE("a file of another key under the same name is not believed") {
  const ScratchFolder scratch;
  const WeightCache cache(scratch.file("weights"), kMuch);
  ThreadPool threads(1);
  const Kept kept({bytes_like(1000, 1)});
  REQUIRE(cache.keep("one", kept.spans, kGoOn).ok());
  fs::rename(cache.path_of("one"), cache.path_of("two"));
  CHECK(cache.find("two", threads) == nullptr);
}

TEST_CASE("no byte may differ, and none may be missing") {
  const ScratchFolder scratch;
  const WeightCache cache(scratch.file("weights"), kMuch);
  ThreadPool threads(1);
  const Kept kept({bytes_like(300, 1), bytes_like(41, 2)});
  REQUIRE(cache.keep("key", kept.spans, kGoOn).ok());
  const std::string path = cache.path_of("key"), right = read(path);
  for (size_t i = 0; i < right.size(); ++i) {
    std::string wrong = right;
    wrong[i] = static_cast<char>(wrong[i] ^ (1 << i % 8));
    write(path, wrong);
    INFO("byte ", i);
    REQUIRE(cache.find("key", threads) == nullptr);
  }
  for (size_t length = 0; length < right.size(); length += 7) {
    write(path, right.substr(0, length));
    REQUIRE(cache.find("key", threads) == nullptr);
  }
  write(path, right + "x");
  CHECK(cache.find("key", threads) == nullptr);
  write(path, right);
  CHECK(cache.find("key", threads) != nullptr);
}

TEST_CASE("weights move to memory under their addresses, and then need no file") {
  const ScratchFolder scratch;
  const WeightCache cache(scratch.file("weights"), kMuch);
  ThreadPool threads(2);
  const Kept kept({bytes_like((70 << 20) + 5, 1), bytes_like(77, 2)});
  REQUIRE(cache.keep("key", kept.spans, kGoOn).ok());
  const auto found = cache.find("key", threads);
  REQUIRE(found != nullptr);
  std::atomic<bool> done{false};
  std::atomic<int64_t> wrong{0};
  std::thread reader([&] {  // the engine, which reads on
    while (!done)
      if (!same(*found, kept)) ++wrong;
  });
  found->move_to_memory(kGoOn);
  done = true;
  reader.join();
  CHECK(wrong == 0);
  fs::resize_file(cache.path_of("key"), 10);
  CHECK(same(*found, kept));
}

TEST_CASE("the folder takes no more than it may: the longest unused goes first") {
  const ScratchFolder scratch;
  const std::string folder = scratch.file("weights");
  ThreadPool threads(1);
  const Kept kept({bytes_like(100'000, 1)});
  const WeightCache cache(folder, 250'000);
  REQUIRE(cache.keep("one", kept.spans, kGoOn).ok());
  const std::string theirs = scratch.write("weights/mine.weights", std::string(200'000, 'x'));
  REQUIRE(cache.keep("two", kept.spans, kGoOn).ok());
  const auto hour = std::chrono::hours(1);
  fs::last_write_time(cache.path_of("one"), fs::file_time_type::clock::now() - 3 * hour);
  fs::last_write_time(cache.path_of("two"), fs::file_time_type::clock::now() - 2 * hour);
  REQUIRE(cache.find("one", threads) != nullptr);  // used now
  REQUIRE(cache.keep("three", kept.spans, kGoOn).ok());
  CHECK(fs::exists(cache.path_of("one")));
  CHECK_FALSE(fs::exists(cache.path_of("two")));
  CHECK(fs::exists(cache.path_of("three")));
  CHECK(fs::exists(theirs));  // it only looks like one of ours
  const Status s = WeightCache(folder, 50'000).keep("four", kept.spans, kGoOn);
  CHECK(s.message().find("at most 50000 are allowed") != std::string::npos);
  CHECK(fs::exists(cache.path_of("one")));  // nothing goes for what does not fit anyway
}

TEST_CASE("what another process left half done goes after an hour") {
  const ScratchFolder scratch;
  const WeightCache cache(scratch.file("weights"), 150'000);
  const Kept kept({bytes_like(100'000, 1)});
  const std::string left =
      scratch.write("weights/0123456789abcdef.weights.partial.1", std::string(90'000, 'x'));
  fs::permissions(scratch.file("weights"), fs::perms::owner_all);
  CHECK_FALSE(cache.keep("key", kept.spans, kGoOn).ok());
  CHECK(fs::exists(left));  // it may still be at work
  fs::last_write_time(left, fs::file_time_type::clock::now() - std::chrono::hours(2));
  CHECK(cache.keep("key", kept.spans, kGoOn).ok());
  CHECK_FALSE(fs::exists(left));
}

TEST_CASE("a folder that others may write to is refused, and so is a stop obeyed") {
  const ScratchFolder scratch;
  const std::string folder = scratch.file("weights");
  const WeightCache cache(folder, kMuch);
  ThreadPool threads(1);
  const Kept kept({bytes_like(1000, 1)});
  REQUIRE(cache.keep("key", kept.spans, kGoOn).ok());
  REQUIRE(chmod(folder.c_str(), 0777) == 0);
  CHECK(cache.find("key", threads) == nullptr);
  CHECK(cache.keep("key", kept.spans, kGoOn).message().find("no other user may write to") !=
        std::string::npos);
  REQUIRE(chmod(folder.c_str(), 0700) == 0);
  const std::atomic<bool> stop{true};
  CHECK_FALSE(cache.keep("other", kept.spans, stop).ok());
  CHECK(std::distance(fs::directory_iterator(folder), {}) == 1);
  CHECK_FALSE(WeightCache("/dev/null/weights", kMuch).keep("key", kept.spans, kGoOn).ok());
}

}  // namespace
}  // namespace quire
