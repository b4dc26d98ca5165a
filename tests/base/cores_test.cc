// How many cores may be used: limits of control groups, of both versions, and of their parents.
#include "base/cores.h"

#include <doctest/doctest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <thread>

namespace quire {

namespace {

struct Tree {
  std::filesystem::path root =
      std::filesystem::temp_directory_path() / ("quire_cores_test" + std::to_string(getpid()));
  Tree() { std::filesystem::remove_all(root); }
  ~Tree() { std::filesystem::remove_all(root); }
  void write(const std::string& path, const std::string& text) const {
    std::filesystem::create_directories((root / path).parent_path());
    std::ofstream(root / path) << text;
  }
};

}  // namespace

TEST_CASE("at least one core, and no more than the machine has") {
  CHECK(usable_cores() >= 1);
  CHECK(usable_cores() <= 4096);
}

TEST_CASE("a thread stays on the core that it is given") {
  const std::vector<int32_t> all = allowed_cores();
  REQUIRE(!all.empty());
  std::vector<int32_t> left;
  bool done = false;
  std::thread([&] {
    done = stay_on_core(all.back());
    left = allowed_cores();
  }).join();
  CHECK((done ? left == std::vector<int32_t>{all.back()} : left == all));  // a sandbox may refuse
  CHECK(allowed_cores() == all);
  CHECK_FALSE(stay_on_core(-1));
}

TEST_CASE("the smallest quota from the group up to the root") {
  const Tree tree;
  CHECK_FALSE(core_quota(tree.root, "0::/a/b\n"));
  tree.write("a/b/cpu.max", "max 100000\n");
  CHECK_FALSE(core_quota(tree.root, "0::/a/b\n"));
  tree.write("a/b/cpu.max", "400000 100000\n");
  CHECK(core_quota(tree.root, "0::/a/b\n") == 4.0);
  tree.write("a/cpu.max", "150000 100000\n");
  CHECK(core_quota(tree.root, "0::/a/b\n") == 1.5);
  CHECK(core_quota(tree.root, "0::/a/b/../../..\n") != 0.0);
  CHECK_FALSE(core_quota(tree.root, "0::/\n"));
  CHECK_FALSE(core_quota(tree.root, "nonsense"));
}

TEST_CASE("version 1 keeps quota and period in two files") {
  const Tree tree;
  tree.write("cpu,cpuacct/x/cpu.cfs_quota_us", "250000\n");
  tree.write("cpu,cpuacct/x/cpu.cfs_period_us", "100000\n");
  CHECK(core_quota(tree.root, "5:memory:/y\n4:cpu,cpuacct:/x\n") == 2.5);
  tree.write("cpu,cpuacct/x/cpu.cfs_quota_us", "-1\n");
  CHECK_FALSE(core_quota(tree.root, "4:cpu,cpuacct:/x\n"));
}

}  // namespace quire
