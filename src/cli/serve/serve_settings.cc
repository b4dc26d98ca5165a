#include "cli/serve/serve_settings.h"

#include <chrono>
#include <utility>

#include "base/json.h"
#include "serve/generation/chat_prompt.h"

namespace quire {
namespace {

Status refuse(std::string message) { return {Code::kInvalidArgument, std::move(message)}; }

constexpr double kDay = 86'400, kMany = 1 << 20, kTiB = 1099511627776.0;

// A word, or several as a list of JSON, which is how vllm serve takes them.
Result<std::vector<std::string>> words_of(const std::string& flag, const std::vector<std::string>& values) {
  std::vector<std::string> words;
  for (const std::string& v : values) {
    if (!v.starts_with('[')) {
      words.push_back(v);
      continue;
    }
    const Result<Json> list = parse_json(v);
    if (!list.ok()) return refuse(flag + ": " + list.status().message());
    for (const Json& word : *list.value().array()) {
      if (!word.string()) return refuse(flag + " must be a list of strings.");
      words.push_back(*word.string());
    }
  }
  for (const std::string& w : words)
    for (char c : w)
      if (c <= ' ' || c >= 0x7F) return refuse(flag + " holds a character that no header can carry.");
  return words;
}

SettingGroup http_settings(ServeFlags& f) {
  return {
      "Server",
      {{"host", &f.host, "Name or address to listen on. Others than this machine's own need an API key.",
        "HOST"},
       {"port", &f.port, "0: the system chooses one, and the line that says ready names it.", "N", "", 0,
        65535},
       {"uds", &f.uds, "Listen on this Unix socket instead.", "PATH"},
       {"ssl-certfile", &f.ssl_certfile, "Speak TLS with this certificate and chain (PEM).", "FILE"},
       {"ssl-keyfile", &f.ssl_keyfile, "The certificate's key (PEM, no password).", "FILE"},
       {"api-key", &f.api_keys, "Ask for this key (Authorization: Bearer KEY); may be repeated.", "KEY"},
       {"api-key-file", &f.api_key_file, "Keys, one a line: no list of processes shows them.", "FILE"},
       {"insecure", &f.insecure, "Let other machines in without an API key."},
       {"served-model-name", &f.served_model_name,
        "Names of the model; the first is in answers. Without: DIR.", "NAME"},
       {"allowed-origins", &f.origins,
        "Web pages that may read answers, such as https://example.org; * is all.", "ORIGIN"},
       {"allowed-methods", &f.methods, "What such pages may send.", "METHOD"},
       {"allowed-headers", &f.headers, "With these headers.", "HEADER"},
       {"allow-credentials", &f.allow_credentials, "And with cookies and the like."},
       {"metrics-prefix", &f.metrics_prefix, "What names of metrics begin with.", "TEXT"},
       {"open-metrics", &f.open_metrics, "/metrics needs no API key."},
       {"log-prompts", &f.log_prompts, "The lines of finished requests show the prompts."},
       {"weight-cache", &f.weight_cache,
        "Folder where weights are kept as they lie in memory, for a start at once the next time; its files "
        "may be deleted. auto: quire/weights among the user's caches; off: nowhere.",
        "FOLDER"},
       {"weight-cache-bytes", &f.weight_cache_bytes,
        "Most that this folder may take; without: 64GiB. The last tenth of the disk stays free.", "SIZE", "",
        0, kTiB * 1024},
       {"shutdown-timeout", &f.shutdown_timeout, "Seconds that running requests have after SIGTERM.", "N", "",
        0, kDay},
       {"drain-grace", &f.drain_grace, "Seconds after SIGTERM in which new requests are still taken.", "N",
        "", 0, kDay},
       {"watchdog-timeout", &f.watchdog_timeout,
        "Seconds without a step, while work waits, until /livez fails.", "N", "", 1, kDay},
       {"io-threads", &f.io_threads, "Threads that read and write connections.", "N", "", 1, 256},
       {"text-threads", &f.text_threads, "Threads that work on text; 0: as many as there is use for.", "N",
        "", 0, 256},
       {"max-connections", &f.max_connections, "Connections at a time.", "N", "", 1, kMany},
       {"max-body-bytes", &f.max_body_bytes, "Longest body of a request; without: 8MiB.", "SIZE", "", 1,
        kTiB},
       {"max-unsent-bytes", &f.max_unsent_bytes,
        "How far a client may be behind its stream until it counts as gone; without: 1MiB.", "SIZE", "", 1024,
        kTiB},
       {"header-timeout", &f.header_timeout, "Seconds for the head of a request.", "N", "", 1, kDay},
       {"body-timeout", &f.body_timeout, "Seconds for its body, and one more for each KiB.", "N", "", 1,
        kDay},
       {"keep-alive-timeout", &f.keep_alive_timeout, "Seconds that a connection may be idle.", "N", "", 1,
        kDay},
       {"write-timeout", &f.write_timeout, "Seconds that a client may take nothing of its answer.", "N", "",
        1, kDay}}};
}

}  // namespace

std::vector<SettingGroup> serve_settings(ServeFlags& f) {
  return {http_settings(f), serve::admission_settings(f.admission),
          chat_settings(f.chat_template, f.trust_content), engine_settings(f.engine)};
}

std::optional<WeightCache> weight_cache(const ServeFlags& f) {
  const std::string folder = f.weight_cache == "auto" ? WeightCache::usual_folder() : f.weight_cache;
  if (folder.empty() || folder == "off") return std::nullopt;
  return WeightCache(folder, f.weight_cache_bytes.value_or(int64_t{64} << 30));
}

Result<serve::ServerOptions> server_options(const ServeFlags& f) {
  serve::ServerOptions o;
  o.host = f.host;
  o.port = f.port;
  o.uds = f.uds;
  o.tls_certificate = f.ssl_certfile;
  o.tls_key = f.ssl_keyfile;
  o.insecure = f.insecure;
  o.io_threads = f.io_threads;

  std::vector<std::string> keys = f.api_keys;
  if (!f.api_key_file.empty()) {
    auto more = serve::ApiKeys::read_file(f.api_key_file);
    if (!more.ok()) return refuse("--api-key-file: " + more.status().message());
    keys.insert(keys.end(), more.value().begin(), more.value().end());
  }
  auto checked = serve::ApiKeys::from(keys);
  if (!checked.ok()) return checked.status();
  o.keys = std::move(checked).value();

  auto origins = words_of("--allowed-origins", f.origins);
  if (!origins.ok()) return origins.status();
  o.origins.origins = std::move(origins).value();
  auto methods = words_of("--allowed-methods", f.methods);
  if (!methods.ok()) return methods.status();
  if (!methods.value().empty()) o.origins.methods = std::move(methods).value();
  auto headers = words_of("--allowed-headers", f.headers);
  if (!headers.ok()) return headers.status();
  if (!headers.value().empty()) o.origins.headers = std::move(headers).value();
  o.origins.credentials = f.allow_credentials;

  serve::HttpLimits& l = o.limits;
  l.connections = f.max_connections;
  if (f.max_body_bytes) l.body = static_cast<size_t>(*f.max_body_bytes);
  l.bodies = std::max(l.bodies, 2 * l.body);
  if (f.max_unsent_bytes) l.unsent = static_cast<size_t>(*f.max_unsent_bytes);
  l.head_read = std::chrono::seconds(f.header_timeout);
  l.body_read = std::chrono::seconds(f.body_timeout);
  l.idle = std::chrono::seconds(f.keep_alive_timeout);
  l.write_stall = std::chrono::seconds(f.write_timeout);
  return o;
}

}  // namespace quire
