// The flags of quire serve, named as in vllm serve where the meaning is the same.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/settings.h"
#include "base/status.h"
#include "cli/engine_settings.h"
#include "cli/sampling_settings.h"
#include "serve/admission.h"
#include "serve/http/server.h"

namespace quire {

struct ServeFlags {
  EngineFlags engine;
  serve::AdmissionLimits admission;
  std::string host = "127.0.0.1", uds, ssl_keyfile, ssl_certfile, api_key_file;
  int32_t port = 8000;
  std::vector<std::string> api_keys, served_model_name, origins, methods, headers;
  bool insecure = false, allow_credentials = false, open_metrics = false;
  std::string weight_cache = "auto";
  std::optional<int64_t> weight_cache_bytes;
  std::string metrics_prefix = "vllm:", chat_template;
  bool trust_content = false, log_prompts = false;
  int32_t shutdown_timeout = 30, drain_grace = 0, watchdog_timeout = 60;
  int32_t io_threads = 1, text_threads = 0;
  int32_t max_connections = 4096, header_timeout = 5, body_timeout = 30, keep_alive_timeout = 60,
          write_timeout = 30;
  std::optional<int64_t> max_body_bytes, max_unsent_bytes;
};

std::vector<SettingGroup> serve_settings(ServeFlags& flags);

// Where weights are kept for the next start; none: nowhere.
std::optional<WeightCache> weight_cache(const ServeFlags& flags);

// What the HTTP server gets of them. Reads the file of keys; errors are one sentence.
Result<serve::ServerOptions> server_options(const ServeFlags& flags);

}  // namespace quire
