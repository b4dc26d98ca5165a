// The model behind a server: text and engine, and the routes that lead to them. Torn down in the order that
// the endpoints need: text work stops, the engine goes, then what both have used.
#pragma once
#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "cli/serve/serve_settings.h"
#include "cli/started_model.h"
#include "serve/admission.h"
#include "serve/api/api.h"
#include "serve/api/switchboard.h"
#include "serve/health.h"
#include "serve/metrics.h"
#include "serve/text_pool.h"
#include "text/tokenizer.h"

namespace quire {

class ServedModel {
 public:
  // Loads what `flags` name; `health` is told of the progress.
  static Result<std::unique_ptr<ServedModel>> load(ServeFlags& flags, serve::Health& health);
  ~ServedModel();  // after the HTTP server: nobody asks any more
  ServedModel(const ServedModel&) = delete;

  std::vector<serve::Route> routes();  // all but the probes'; they end with this object
  void watch(serve::Health& health) const;
  void settle_weights();  // LoadedWeights::settle(), on a thread of its own
  serve::Metrics& metrics() { return *metrics_; }

 private:
  explicit ServedModel(const ServeFlags& flags);

  const ServeFlags& flags_;
  ChatOptions chat_;
  std::unique_ptr<Tokenizer> tokenizer_;
  serve::Admission admission_;
  std::unique_ptr<serve::Metrics> metrics_;
  serve::TextPool pool_;
  serve::Switchboard board_;
  StartedModel started_;
  std::atomic<bool> ends_{false};
  std::thread settling_;
};

}  // namespace quire
