// Latency over load as a picture: three charts in one SVG.
#pragma once
#include <span>
#include <string>

#include "cli/bench_serve/load_report.h"

namespace quire {

struct PlotPoint {
  double load = 0;  // requests a second, or open requests
  LoadFigures figures;
};

// Points are in ascending order of load; at least one. `load_name` stands under the charts, `title` above.
std::string load_plot(std::span<const PlotPoint> points, const std::string& load_name,
                      const std::string& title);

}  // namespace quire
