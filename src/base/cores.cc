#include "base/cores.h"

#include <sched.h>

#include <algorithm>
#include <fstream>
#include <sstream>
#include <string_view>

namespace quire {

namespace {

std::string read_text(const std::string& path) {
  std::ifstream in(path);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

// "quota period" in microseconds, as version 2 writes it; "max period" and no file are no limit.
std::optional<double> as_cores(const std::string& text) {
  std::istringstream in(text);
  double quota = 0, period = 0;
  if (!(in >> quota >> period) || quota <= 0 || period <= 0) return std::nullopt;
  return quota / period;
}

void lower(std::optional<double>& least, std::optional<double> limit) {
  if (limit && (!least || *limit < *least)) least = limit;
}

}  // namespace

std::optional<double> core_quota(const std::string& root, const std::string& membership) {
  std::optional<double> least;
  std::istringstream lines(membership);
  for (std::string line; std::getline(lines, line);) {  // id:controllers:path
    const size_t first = line.find(':'), second = line.find(':', first + 1);
    if (first == std::string::npos || second == std::string::npos) continue;
    std::string controllers(1, ',');
    controllers.append(line, first + 1, second - first - 1).push_back(',');
    std::string path = line.substr(second + 1);
    const bool two = controllers == ",,", one = controllers.find(",cpu,") != std::string::npos;
    if (!two && !one) continue;
    for (;;) {
      while (!path.empty() && path.back() == '/') path.pop_back();
      if (two) lower(least, as_cores(read_text(root + path + "/cpu.max")));
      if (one)
        for (const char* mount : {"/cpu", "/cpu,cpuacct"}) {
          const std::string at = std::string(root).append(mount).append(path);
          lower(least,
                as_cores(read_text(at + "/cpu.cfs_quota_us") + " " + read_text(at + "/cpu.cfs_period_us")));
        }
      if (path.empty()) break;
      const size_t parent = path.find_last_of('/');
      path.resize(parent == std::string::npos ? 0 : parent);
    }
  }
  return least;
}

std::vector<int32_t> allowed_cores() {
  std::vector<int32_t> cores;
  for (size_t most = 1024; most <= (1u << 20); most *= 2) {  // the kernel refuses a set smaller than its own
    cpu_set_t* set = CPU_ALLOC(most);
    if (set == nullptr) break;
    const size_t bytes = CPU_ALLOC_SIZE(most);
    const bool known = sched_getaffinity(0, bytes, set) == 0;
    for (size_t core = 0; known && core < most; ++core)
      if (CPU_ISSET_S(core, bytes, set)) cores.push_back(static_cast<int32_t>(core));
    CPU_FREE(set);
    if (known) break;
  }
  return cores;
}

bool stay_on_core(int32_t core) {
  if (core < 0) return false;
  const size_t most = static_cast<size_t>(core) + 1, bytes = CPU_ALLOC_SIZE(most);
  cpu_set_t* set = CPU_ALLOC(most);
  if (set == nullptr) return false;
  CPU_ZERO_S(bytes, set);
  CPU_SET_S(static_cast<size_t>(core), bytes, set);
  const bool done = sched_setaffinity(0, bytes, set) == 0;
  CPU_FREE(set);
  return done;
}

int32_t usable_cores() {
  int32_t cores = std::max(1, static_cast<int32_t>(allowed_cores().size()));
  // Rounded down: threads that spin beyond the quota are stopped, all of them, for the rest of each period.
  if (const auto quota = core_quota("/sys/fs/cgroup", read_text("/proc/self/cgroup")))
    cores = std::min(cores, static_cast<int32_t>(std::min(*quota + 0.01, 1e6)));
  return std::max(cores, 1);
}

}  // namespace quire
