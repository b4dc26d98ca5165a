// How many processor cores this process may keep busy: what the scheduler's affinity and the control groups
// (a container's limit) allow, not what the machine has.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace quire {

int32_t usable_cores();  // at least 1

// The numbers of the cores that the affinity allows, in ascending order; empty: the system does not tell.
std::vector<int32_t> allowed_cores();
// Keeps the calling thread on that core. A wish: false, and nothing has changed.
bool stay_on_core(int32_t core);

// The smallest limit, in cores, of the group that `membership` (the text of /proc/self/cgroup) names and of
// its parents, below `root` (/sys/fs/cgroup); nothing if there is none. Reads versions 1 and 2.
std::optional<double> core_quota(const std::string& root, const std::string& membership);

}  // namespace quire
