// The process as Linux sees it, for process_* metrics.
#include <dirent.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "serve/engine_families.h"

namespace quire::serve {
namespace {

std::string read(const char* path) {
  std::string text;
  if (FILE* f = std::fopen(path, "re")) {
    std::array<char, 4096> part;
    while (const size_t n = std::fread(part.data(), 1, part.size(), f)) text.append(part.data(), n);
    std::fclose(f);
  }
  return text;
}

// Field `n`, from 3, of /proc/self/stat: the second one may hold blanks and brackets.
double stat_field(const std::string& stat, int n) {
  size_t at = stat.rfind(')');
  for (int i = 2; i < n && at != std::string::npos; ++i) at = stat.find(' ', at + 1);
  return at == std::string::npos ? -1 : std::strtod(stat.c_str() + at, nullptr);
}

double open_files() {
  DIR* dir = opendir("/proc/self/fd");
  if (!dir) return -1;
  double n = -1 - 2;  // itself, "." and ".."
  while (readdir(dir)) ++n;
  closedir(dir);
  return n;
}

double boot_time() {
  const std::string stat = read("/proc/stat");
  const size_t at = stat.find("\nbtime ");
  return at == std::string::npos ? -1 : std::strtod(stat.c_str() + at + 7, nullptr);
}

}  // namespace

std::vector<prometheus::MetricFamily> process_families() {
  using prometheus::MetricType;
  std::vector<prometheus::MetricFamily> all;
  const auto add = [&](const char* name, const char* help, MetricType type, double value) {
    if (value < 0) return;
    all.push_back({name, help, type, {{}}});
    (type == MetricType::Counter ? all.back().metric[0].counter.value : all.back().metric[0].gauge.value) =
        value;
  };
  const std::string stat = read("/proc/self/stat");
  const auto tick = static_cast<double>(sysconf(_SC_CLK_TCK)),
             page = static_cast<double>(sysconf(_SC_PAGESIZE));
  if (!stat.empty() && tick > 0) {
    const double boot = boot_time();
    add("process_cpu_seconds_total", "Processor time, of user and system.", MetricType::Counter,
        (stat_field(stat, 14) + stat_field(stat, 15)) / tick);
    add("process_start_time_seconds", "When it began, since the epoch.", MetricType::Gauge,
        boot > 0 ? boot + stat_field(stat, 22) / tick : -1);
    add("process_virtual_memory_bytes", "Address space.", MetricType::Gauge, stat_field(stat, 23));
    add("process_resident_memory_bytes", "Memory that is really there.", MetricType::Gauge,
        stat_field(stat, 24) * page);
  }
  add("process_open_fds", "Open files and connections.", MetricType::Gauge, open_files());
  return all;
}

}  // namespace quire::serve
