// The endpoints: everything between a complete HTTP request and the engine, and back. A request walks down
// (fields, tokens, Engine::submit) in a thread of the text pool, its events come up through the switchboard
// and are answered in such a thread again; I/O threads and the engine's only hand over.
#pragma once
#include <array>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/engine.h"
#include "serve/admission.h"
#include "serve/generation/chat_prompt.h"
#include "serve/generation/sampling_fields.h"
#include "serve/http/exchange.h"
#include "serve/metrics.h"
#include "serve/text_pool.h"
#include "text/tokenizer.h"

namespace quire::serve {

class Switchboard;

// What there must be; all outlives the routes. At the end, in this order: the HTTP server goes, the pool
// stops, the engine goes, then the switchboard and the pool, then admission and metrics.
struct ApiParts {
  Engine& engine;
  Switchboard& board;  // gets the engine's events: Switchboard::deliver is its OnStep
  TextPool& pool;
  const Tokenizer& tokenizer;
  const ChatOptions& chat;
  Admission& admission;
  Metrics& metrics;
};

struct ApiSettings {
  std::vector<std::string> names;  // of the model; answers say the first
  std::string root;                // its folder, as /v1/models says it
  int64_t started = 0;             // seconds since 1970
  std::string version;
  SamplingChoice defaults{};                         // of the model and the flags
  bool log_prompts = false;                          // the text of prompts may be logged
  std::array<uint64_t, 2> secret{};                  // of this process: salts the prefix cache
  std::function<void(std::string_view line)> log{};  // from text threads; empty: standard error
};

std::vector<Route> api_routes(const ApiParts& parts, ApiSettings settings);

}  // namespace quire::serve
