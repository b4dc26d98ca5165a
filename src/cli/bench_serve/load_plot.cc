#include "cli/bench_serve/load_plot.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <functional>
#include <vector>

#include "cli/bench_report.h"

namespace quire {
namespace {

constexpr double kWidth = 340, kHeight = 220, kLeft = 62, kTop = 60, kGap = 100, kBelow = 80;

std::string format(const char* pattern, double a, double b = 0, double c = 0, double d = 0) {
  char text[256];
  std::snprintf(text, sizeof text, pattern, a, b, c, d);
  return text;
}

std::string escaped(const std::string& text) {
  std::string out;
  for (const char c : text) {
    if (c == '<') out += "&lt;";
    else if (c == '>') out += "&gt;";
    else if (c == '&') out += "&amp;";
    else out += static_cast<unsigned char>(c) < ' ' ? ' ' : c;
  }
  return out;
}

std::string text_at(double x, double y, const std::string& text, const char* anchor = "middle",
                    int size = 11) {
  return format("<text x=\"%.1f\" y=\"%.1f\"", x, y) + " text-anchor=\"" + anchor + "\" font-size=\"" +
         std::to_string(size) + "\">" + escaped(text) + "</text>\n";
}

// The next of 1, 2, 5, 10, 20 ... from `v` on, so that the top of an axis is a round number.
double round_up(double v) {
  if (!(v > 0)) return 1;
  const double ten = std::pow(10, std::floor(std::log10(v)));
  for (const double digit : {1.0, 2.0, 5.0, 10.0})
    if (digit * ten >= v * (1 - 1e-9)) return digit * ten;
  return v;
}

struct Curve {
  const char *name, *colour;
  std::function<double(const LoadFigures&)> value;
};

struct Axes {
  double left, most_x, most_y;
  double x(double v) const { return left + v / most_x * kWidth; }
  double y(double v) const { return kTop + kHeight - v / most_y * kHeight; }
};

std::string frame(const Axes& a, const std::string& title, const std::string& load_name) {
  std::string svg = text_at(a.left + kWidth / 2, kTop - 12, title, "middle", 13);
  for (int i = 0; i <= 4; ++i) {
    const double v = a.most_y * i / 4, h = a.most_x * i / 4;
    svg += format("<path d=\"M%.1f %.1fH%.1f\" stroke=\"#ddd\"/>\n", a.left, a.y(v), a.left + kWidth);
    svg += text_at(a.left - 6, a.y(v) + 4, format("%g", v), "end");
    svg += text_at(a.x(h), kTop + kHeight + 16, format("%g", h));
  }
  return svg + text_at(a.left + kWidth / 2, kTop + kHeight + 34, load_name);
}

std::string curve(std::span<const PlotPoint> points, const Axes& a, const Curve& c) {
  std::string path, dots;
  for (const PlotPoint& p : points) {
    const double x = a.x(p.load), y = a.y(c.value(p.figures));
    path += format(path.empty() ? "M%.1f %.1f" : "L%.1f %.1f", x, y);
    dots += format("<circle cx=\"%.1f\" cy=\"%.1f\" r=\"3\"/>\n", x, y);
  }
  const std::string colour = c.colour;
  return "<g fill=\"" + colour + "\">\n<path d=\"" + path + "\" fill=\"none\" stroke-width=\"2\" stroke=\"" +
         colour + "\"/>\n" + dots + "</g>\n";
}

std::string legend_of(const Curve& c, double x) {
  const double y = kTop + kHeight + 52;
  return format("<rect x=\"%.1f\" y=\"%.1f\" width=\"10\" height=\"10\"", x, y - 9) + " fill=\"" + c.colour +
         "\"/>\n" + text_at(x + 14, y, c.name, "start");
}

std::string chart(std::span<const PlotPoint> points, double left, const std::string& title,
                  const std::string& load_name, const std::vector<Curve>& curves) {
  Axes a{left, 0, 0};
  for (const PlotPoint& p : points) {
    a.most_x = std::max(a.most_x, p.load);
    for (const Curve& c : curves) a.most_y = std::max(a.most_y, c.value(p.figures));
  }
  a.most_x = round_up(a.most_x), a.most_y = round_up(a.most_y);
  std::string svg = frame(a, title, load_name);
  double legend = left;
  for (const Curve& c : curves) {
    svg += curve(points, a, c);
    svg += legend_of(c, legend);
    legend += 85;
  }
  return svg;
}

Curve at(Metric m, double percent, const char* name, const char* colour) {
  return {name, colour, [m, percent](const LoadFigures& f) {
            const auto& v = f.values[static_cast<size_t>(m)];
            return v.empty() ? 0 : percentile(v, percent);
          }};
}

}  // namespace

std::string load_plot(std::span<const PlotPoint> points, const std::string& load_name,
                      const std::string& title) {
  const double step = kWidth + kGap;
  const double width = kLeft + 3 * step, height = kTop + kHeight + kBelow;
  std::string svg = format(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%.0f\" height=\"%.0f\" "
      "viewBox=\"0 0 %.0f %.0f\" font-family=\"sans-serif\" fill=\"#222\">\n",
      width, height, width, height);
  svg += format("<rect width=\"%.0f\" height=\"%.0f\" fill=\"#fff\"/>\n", width, height);
  svg += text_at(width / 2, 22, title, "middle", 15);
  svg += chart(points, kLeft, "Time to first token (ms)", load_name,
               {at(Metric::kTtft, 50, "median", "#1f77b4"), at(Metric::kTtft, 99, "p99", "#d62728")});
  svg += chart(points, kLeft + step, "Between tokens (ms)", load_name,
               {at(Metric::kItl, 50, "median", "#1f77b4"), at(Metric::kItl, 99, "p99", "#d62728")});
  svg += chart(points, kLeft + 2 * step, "Tokens per second", load_name,
               {{"output", "#2ca02c", [](const LoadFigures& f) { return f.per_second(f.output_tokens); }}});
  return svg + "</svg>\n";
}

}  // namespace quire
