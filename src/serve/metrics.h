// What Prometheus scrapes: the names, labels and buckets that vLLM's users chart, for the features that
// exist.
//
// Kept by prometheus-cpp core (its pull part would bring a second HTTP server). It locks a mutex for each
// observation of a histogram: 27 ns, 88 ns with two threads at once, against 12 ns and 71 ns of plain
// atomics; that is paid by the threads that make text, never by the engine's: what the engine knows is read
// from EngineState when somebody scrapes. No label has a value from a client. Any thread.
#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "engine/pulse.h"
#include "serve/admission.h"

namespace quire::serve {

struct MetricsConfig {
  std::string prefix = "vllm:";  // has passed check_metrics_prefix(); not before http_* and process_*
  std::string model_name{};      // the label of all
  int32_t max_model_len = 0;     // the last bucket of token counts
  int32_t block_size = 0;
  bool enable_prefix_caching = true;
  std::vector<std::string> routes{};  // as in Route::path: the only values of the label `handler`, but "none"
};

Status check_metrics_prefix(std::string_view prefix);

enum class Outcome : uint8_t { kStop, kLength, kAbort, kError };

// Times in ns of the engine's clock; 0: it did not come to that.
struct FinishedRequest {
  Outcome outcome = Outcome::kStop;
  int64_t arrived = 0, entered = 0, first_token = 0, last_token = 0, ended = 0;
  int32_t prompt_tokens = 0, cached_tokens = 0;
  int32_t generated_tokens = 0;       // of all choices
  int32_t most_generated_tokens = 0;  // of one choice
  int32_t max_tokens = 0, n = 1;
};

class Metrics {
 public:
  using ReadEngine = std::function<EngineState()>;
  using ReadAdmission = std::function<Admission::Counts()>;
  // The functions are called by text() only. `now`: of the engine's clock.
  Metrics(const MetricsConfig& config, ReadEngine engine, ReadAdmission admission,
          std::function<int64_t()> now);
  ~Metrics();

  void first_token(double seconds);  // since the request arrived; for each choice
  void next_token(double seconds);   // since the one before
  void finished(const FinishedRequest& request);
  // `route`: Route::path of the one that matched; `method` as received: unknown ones count as "other".
  void http(std::string_view route, std::string_view method, int status, double seconds);

  std::string text() const;  // of type text/plain; version=0.0.4; charset=utf-8

 private:
  struct Kept;
  std::unique_ptr<Kept> kept_;
};

}  // namespace quire::serve
