// Sends requests to an OpenAI server at given times and notes when each piece of each answer comes back. One
// thread waits for all of them, so that what is measured is the server.
#pragma once
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/status.h"

namespace quire {

struct LoadTarget {
  bool tls = false;
  std::string host, port, path;
  std::vector<std::pair<std::string, std::string>> headers{};
};

// Of "http://host:port/base" or "https://...", and a path that is put after it. Over TLS the server must show
// a certificate for the host that the system trusts, or one in the file that SSL_CERT_FILE names.
Result<LoadTarget> parse_target(const std::string& base_url, const std::string& path);

struct LoadAnswer {
  std::string error{};                           // "": it came whole
  double sent = 0;                               // seconds since the first was due; also below
  std::vector<double> arrivals{};                // of the pieces of text
  int32_t prompt_tokens = 0, output_tokens = 0;  // as the server's usage says; 0: it does not say
  std::string text{};
};

struct LoadRun {
  std::vector<LoadAnswer> answers{};  // in the order of the requests
  double seconds = 0;                 // from the first request's time to the last answer's end
  int32_t most_open = 0;              // requests at one time
  double processor_seconds = 0;       // that the client itself took
};

// `bodies[i]` is sent when `starts[i]` seconds have gone by, or later: at most `most_open` are open at a
// time. A request that fails has its error in its answer. Not ok: the host's name is unknown.
Result<LoadRun> run_load(const LoadTarget& target, std::span<const std::string> bodies,
                         std::span<const double> starts, int32_t most_open, bool keep_text,
                         const std::function<void(double)>& progress);

// One GET, whole: its body, or why there is none.
Result<std::string> http_get(const LoadTarget& target);

}  // namespace quire
