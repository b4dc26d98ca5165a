#include "cli/bench_serve/load_figures.h"

#include <algorithm>
#include <cmath>

namespace quire {

int32_t output_tokens_of(const LoadAnswer& a) {
  return a.output_tokens > 0 ? a.output_tokens : static_cast<int32_t>(a.arrivals.size());
}

LoadFigures figures_of(const LoadRun& run, std::span<const LoadPrompt> prompts, const LoadOptions& options) {
  LoadFigures f;
  f.seconds = run.seconds;
  f.processor_seconds = run.processor_seconds;
  f.peak_open = run.most_open;
  std::vector<double> bins(static_cast<size_t>(std::max(0.0, run.seconds)) + 1);
  const auto values = [&f](Metric m) -> std::vector<double>& { return f.values[static_cast<size_t>(m)]; };
  for (size_t i = 0; i < run.answers.size(); ++i) {
    const LoadAnswer& a = run.answers[i];
    if (!a.error.empty()) {
      ++f.failed;
      continue;
    }
    ++f.completed;
    const int32_t tokens = output_tokens_of(a);
    f.input_tokens += a.prompt_tokens > 0 ? a.prompt_tokens : prompts[i].input_len;
    f.output_tokens += tokens;
    const double ttft = (a.arrivals.front() - a.sent) * 1e3, whole = (a.arrivals.back() - a.sent) * 1e3;
    const double tpot = tokens > 1 ? (whole - ttft) / (tokens - 1) : 0;
    values(Metric::kTtft).push_back(ttft);
    values(Metric::kE2el).push_back(whole);
    if (tokens > 1) values(Metric::kTpot).push_back(tpot);
    const double per_piece = static_cast<double>(tokens) / static_cast<double>(a.arrivals.size());
    for (size_t k = 0; k < a.arrivals.size(); ++k) {
      bins[std::min(bins.size() - 1, static_cast<size_t>(a.arrivals[k]))] += per_piece;
      if (k > 0) values(Metric::kItl).push_back((a.arrivals[k] - a.arrivals[k - 1]) * 1e3);
    }
    f.good += std::ranges::all_of(options.goodput, [&](const auto& wish) {
      return (wish.first == Metric::kTtft ? ttft : wish.first == Metric::kTpot ? tpot : whole) <= wish.second;
    });
  }
  f.peak_output_rate = *std::ranges::max_element(bins);
  return f;
}

}  // namespace quire
