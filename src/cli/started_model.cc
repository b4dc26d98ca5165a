#include "cli/started_model.h"

#include <sys/resource.h>

#include <algorithm>
#include <cstdint>
#include <utility>

#include "cli/command.h"
#include "cli/progress.h"

namespace quire {

Result<StartedModel> start_model(EngineFlags& flags, OnStep on_step, const LoadProgress& also) {
  StartedModel started;
  LaunchOptions& o = flags.launch;
  Result<GenerationConfig> generation = read_generation_config(o.folder, flags.generation_config);
  if (!generation.ok()) return generation.status();
  started.generation = std::move(generation).value();
  o.eos = started.generation.eos;
  if (o.max_logprobs < 0) o.max_logprobs = std::numeric_limits<int32_t>::max();
  Result<std::unique_ptr<Blueprint>> blueprint = draw_blueprint(o);
  if (!blueprint.ok()) return blueprint.status();
  for (const std::string& note : blueprint.value()->notes) say(note);
  Progress progress;
  Result<Launched> launched = launch(std::move(blueprint).value(), std::move(on_step), [&](double fraction) {
    progress.show(fraction, "loading");
    if (also) also(fraction);
  });
  if (!launched.ok()) return launched.status();
  started.launched = std::move(launched).value();
  return started;
}

int32_t room_of(const Limits& limits) {
  return std::min(limits.max_model_len, limits.kv_tokens < INT32_MAX ? limits.kv_tokens + 1 : INT32_MAX);
}

int64_t peak_memory_bytes() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return int64_t{usage.ru_maxrss} * 1024;  // Linux counts KiB
}

}  // namespace quire
