#include "backends/cpu/levels.h"

#include <string>

namespace quire::cpu {

namespace avx512_bf16 {
extern const Kernels kKernels;
}
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

bool always() { return true; }

#if defined(__x86_64__)
bool has_avx512() {
  return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
         __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq");
}
#endif

constexpr Level kLevels[] = {
#if defined(__x86_64__)
    {"avx512-bf16",
     [] {
       return has_avx512() && __builtin_cpu_supports("avx512vnni") && __builtin_cpu_supports("avx512bf16");
     },
     // Two such dots a cycle on Zen 5; on Sapphire Rapids one in two cycles, where f32 has two sums a cycle:
     // 90 GFLOP/s a core instead of 215. A probe would be noisy, and another level gives other bits.
     [] { return __builtin_cpu_is("amd") != 0; }, &avx512_bf16::kKernels},
    {"avx512", has_avx512, always, &avx512::kKernels},
    {"avx2",
     [] {
       return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") &&
              __builtin_cpu_supports("f16c");
     },
     always, &avx2::kKernels},
#endif
    {"portable", always, always, &portable::kKernels},
};

}  // namespace

std::span<const Level> levels() { return kLevels; }

Result<const Level*> find_level(std::string_view name) {
  std::string here;
  bool known = false;
  for (const Level& level : kLevels) {
    known = known || level.name == name;
    if (!level.supported()) continue;
    if (name == "auto" ? level.worth_it() : name == level.name) return &level;
    here += (here.empty() ? "" : ", ") + std::string(level.name);
  }
  return Status(known ? Code::kUnsupported : Code::kInvalidArgument,
                "instruction set '" + std::string(name) +
                    (known ? "' is not supported by this machine" : "' is unknown") + "; it has " + here +
                    " ('auto' takes the fastest)");
}

}  // namespace quire::cpu
