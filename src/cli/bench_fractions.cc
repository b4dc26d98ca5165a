#include "cli/bench_fractions.h"

#include <algorithm>
#include <cmath>

#include "models/arithmetic.h"

namespace quire {

BenchWork work_of(const ModelSpec& spec, std::span<const BenchRequest> requests, int32_t together) {
  const Arithmetic arithmetic(spec);
  BenchWork work;
  double answers = 0;
  for (const BenchRequest& r : requests) {
    const auto length = static_cast<int64_t>(r.prompt.size());
    work.prefill_tokens += length;
    work.prefill_operations += arithmetic.operations(0, length, 1);
    answers += r.output_len;
  }
  const auto count = static_cast<double>(std::max<size_t>(1, requests.size()));
  work.rows = std::min<int64_t>(static_cast<int64_t>(requests.size()), together);
  work.context = static_cast<double>(work.prefill_tokens) / count + answers / count / 2;
  return work;
}

std::optional<double> prefill_fraction(const BenchWork& work, const MachineLimits& machine,
                                       std::optional<double> rate) {
  if (!rate || machine.peak() <= 0 || work.prefill_tokens == 0) return std::nullopt;
  const double seconds = static_cast<double>(work.prefill_tokens) / *rate;
  return work.prefill_operations / machine.peak() / seconds;
}

std::optional<double> decode_fraction(const BenchWork& work, const MachineLimits& machine,
                                      const Blueprint& blueprint, std::optional<double> rate) {
  if (!rate || machine.peak() <= 0 || machine.read <= 0 || work.rows == 0) return std::nullopt;
  const Arithmetic arithmetic(blueprint.spec);
  const MemoryPlan& memory = blueprint.memory;
  const double weight_bytes =
      static_cast<double>(memory.weight_bytes) / static_cast<double>(std::max<int64_t>(1, memory.parameters));
  const double cache_bytes = blueprint.backend->cache() == DType::kF32 ? 4 : 2;
  const auto rows = static_cast<double>(work.rows);
  const int64_t context = std::max<int64_t>(1, std::llround(work.context));
  const double bytes = weight_bytes * arithmetic.weights(work.rows) +
                       cache_bytes * rows * arithmetic.cache(context),
               operations = rows * arithmetic.operations(context - 1, 1, 1);
  return std::max(bytes / machine.read, operations / machine.peak()) * *rate / rows;
}

}  // namespace quire
