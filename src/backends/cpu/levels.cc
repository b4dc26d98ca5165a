#include "backends/cpu/levels.h"

#include <string>

namespace quire::cpu {

namespace avx512 {
extern const Kernels kKernels;
}
namespace avx2 {
extern const Kernels kKernels;
}
namespace portable {
extern const Kernels kKernels;
}

namespace {

constexpr Level kLevels[] = {
#if defined(__x86_64__)
    {"avx512",
     [] {
       return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
              __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq");
     },
     &avx512::kKernels},
    {"avx2",
     [] {
       return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") &&
              __builtin_cpu_supports("f16c");
     },
     &avx2::kKernels},
#endif
    {"portable", [] { return true; }, &portable::kKernels},
};

}  // namespace

std::span<const Level> levels() { return kLevels; }

Result<const Level*> find_level(std::string_view name) {
  std::string here;
  bool known = false;
  for (const Level& level : kLevels) {
    known = known || level.name == name;
    if (!level.supported()) continue;
    if (name == "auto" || name == level.name) return &level;
    here += (here.empty() ? "" : ", ") + std::string(level.name);
  }
  return Status(known ? Code::kUnsupported : Code::kInvalidArgument,
                "instruction set '" + std::string(name) +
                    (known ? "' is not supported by this machine" : "' is unknown") + "; it has " + here +
                    " ('auto' takes the first)");
}

}  // namespace quire::cpu
