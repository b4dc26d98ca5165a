// How many processor cores this process may keep busy: what the scheduler's affinity and the control groups
// (a container's limit) allow, not what the machine has.
#pragma once
#include <cstdint>
#include <optional>
#include <string>

namespace quire {

int32_t usable_cores();  // at least 1

// The smallest limit, in cores, of the group that `membership` (the text of /proc/self/cgroup) names and of
// its parents, below `root` (/sys/fs/cgroup); nothing if there is none. Reads versions 1 and 2.
std::optional<double> core_quota(const std::string& root, const std::string& membership);

}  // namespace quire
