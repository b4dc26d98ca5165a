// The flags of the engine, named as in vllm serve where the meaning is the same.
#pragma once
#include "base/settings.h"
#include "cli/launch.h"

namespace quire {

struct EngineFlags {
  LaunchOptions launch;
  std::string quantization = "none";
  std::string generation_config = "auto";
};

// Point into `flags`, whose values are the defaults.
SettingGroup engine_settings(EngineFlags& flags);

}  // namespace quire
