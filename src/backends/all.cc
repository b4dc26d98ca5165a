// The backends, in order of preference.
#include <string>

#include "backends/cpu/cpu.h"
#include "backends/ref/ref.h"

namespace quire {
namespace {

struct Entry {
  std::string_view name;
  Result<std::unique_ptr<Backend>> (*make)(const BackendOptions&);
};

constexpr Entry kBackends[] = {
    {"cpu", make_cpu},
    {"ref", [](const BackendOptions& o) -> Result<std::unique_ptr<Backend>> { return make_ref(o); }},
};

}  // namespace

std::vector<std::string_view> backend_names() {
  std::vector<std::string_view> names;
  for (const Entry& e : kBackends) names.push_back(e.name);
  return names;
}

Result<std::unique_ptr<Backend>> make_backend(std::string_view name, const BackendOptions& options) {
  std::string known;
  for (const Entry& e : kBackends) {
    if (e.name == name) return e.make(options);
    known += (known.empty() ? "" : ", ") + std::string(e.name);
  }
  return Status(Code::kInvalidArgument, "unknown device '" + std::string(name) + "'; known are: " + known);
}

}  // namespace quire
