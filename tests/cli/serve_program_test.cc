// quire serve as its operator meets it: the line that says ready, signals, exit statuses, and what it
// refuses.
#include <doctest/doctest.h>

#include <csignal>
#include <string>
#include <thread>
#include <vector>

#include "tests/cli/wrong_use.h"
#include "tests/serve/http/certificate.h"
#include "tests/serve/http/client.h"

namespace quire {
namespace {

using serve::Answer;
using serve::Client;
using serve::eventually;
using serve::get;
using serve::milliseconds;
using serve::post;

const std::string kModel = QUIRE_SOURCE_DIR "/demo";

class Served {
 public:
  explicit Served(std::vector<std::string> more = {}) {
    std::vector<std::string> arguments = {
        "serve", kModel,           "--port", "0", "--threads", "1", "--kv-cache-memory-bytes",
        "64MiB", "--weight-cache", "off"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    child_ = start_program(arguments, open("/dev/null", O_RDONLY | O_CLOEXEC), folder_.file("out"),
                           folder_.file("err"));
    const bool ready = eventually([&] { return count_newlines(out()) > 0; }, milliseconds(60'000));
    INFO(err());
    REQUIRE(ready);
    const std::string line = out();
    port_ = std::atoi(line.substr(line.find("127.0.0.1:") + 10).c_str());
  }
  ~Served() {
    if (child_ > 0) kill(child_, SIGKILL), wait_for(child_);
  }
  int32_t port() const { return port_; }
  std::string out() const { return read_text(folder_.file("out")); }
  std::string err() const { return read_text(folder_.file("err")); }
  void signal(int which) const { kill(child_, which); }
  // What lists of processes show.
  std::string command_line() const { return read_text("/proc/" + std::to_string(child_) + "/cmdline"); }
  int end() { return wait_for(std::exchange(child_, -1)); }

 private:
  ScratchFolder folder_;
  pid_t child_ = -1;
  int32_t port_ = 0;
};

std::string completion(int max_tokens, bool stream) {
  return post("/v1/completions",
              "{\"prompt\":\"import os\",\"temperature\":0,\"ignore_eos\":true,\"max_tokens\":" +
                  std::to_string(max_tokens) + (stream ? ",\"stream\":true}" : "}"),
              "Content-Type: application/json\r\n");
}

TEST_CASE("a server says where it is, answers, and ends well when it is told to") {
  Served s({"--served-model-name", "demo"});
  CHECK(s.out().find("Serving on http://127.0.0.1:") == 0);
  CHECK(s.out().find(", ready after ") != std::string::npos);
  Client c(s.port());
  CHECK(c.ask(get("/readyz")).status == 200);
  CHECK(c.ask(get("/startupz")).status == 200);
  CHECK(c.ask(get("/v1/models")).body.find("\"id\":\"demo\"") != std::string::npos);
  CHECK(c.ask(completion(4, false)).status == 200);
  CHECK(c.ask(get("/metrics"))
            .body.find("http_requests_total{handler=\"/v1/completions\",method=\"POST\",status=\"2xx\"} 1") !=
        std::string::npos);
  CHECK(c.ask(get("/nothing")).status == 404);

  // A stream that runs when the signal comes is finished; the log has a line for each request.
  Client stream(s.port());
  stream.send(completion(200, true));
  REQUIRE(stream.receive());
  s.signal(SIGTERM);
  CHECK(eventually([&] { return s.err().find("shutting down") != std::string::npos; }));
  const Answer a = stream.answer();
  CHECK(a.whole);
  CHECK(a.body.ends_with("data: [DONE]\n\n"));
  CHECK(a.body.find("\"error\"") == std::string::npos);
  CHECK(s.end() == 0);
  CHECK(s.err().find("\"event\":\"request\"") != std::string::npos);
  CHECK(s.err().find("import os") == std::string::npos);
}

TEST_CASE("after --shutdown-timeout a stream gets a last error") {
  Served s({"--shutdown-timeout", "0"});
  Client c(s.port());
  c.send(completion(1500, true));
  REQUIRE(c.receive());
  s.signal(SIGINT);
  const Answer a = c.answer();
  CHECK(a.whole);
  CHECK(a.body.find("data: {\"error\":{") != std::string::npos);
  CHECK(s.end() == 0);
}

TEST_CASE("a second signal ends the server at once") {
  Served s;
  Client c(s.port());
  c.send(completion(1900, true));
  REQUIRE(c.receive());
  s.signal(SIGTERM);
  CHECK(eventually([&] { return s.err().find("shutting down") != std::string::npos; }));
  s.signal(SIGTERM);
  CHECK(s.end() == 128 + SIGTERM);
}

TEST_CASE("keys keep strangers out of everything but probes, and are shown nowhere") {
  const ScratchFolder folder;
  const std::string file = folder.write("keys", "# ours\nfile-key-1\r\n\nfile-key-2\n");
  Served s({"--api-key", "flag-key", "--api-key-file", file});
  Client c(s.port());
  for (const char* open : {"/livez", "/readyz", "/health", "/startupz"})
    CHECK(c.ask(get(open)).status == 200);
  for (const char* closed : {"/metrics", "/v1/models", "/version", "/openapi.json", "/load", "/nothing"})
    CHECK(c.ask(get(closed)).status == 401);
  for (const char* key : {"flag-key", "file-key-1", "file-key-2"})
    CHECK(c.ask(get("/v1/models", "Authorization: Bearer " + std::string(key) + "\r\n")).status == 200);
  CHECK(c.ask(get("/v1/models", "Authorization: Bearer wrong-key\r\n")).status == 401);
  CHECK(s.command_line().find("--api-key") != std::string::npos);
  CHECK(s.command_line().find("flag-key") == std::string::npos);
  s.signal(SIGTERM);
  CHECK(s.end() == 0);
  for (const char* key : {"flag-key", "file-key", "wrong-key"})
    CHECK((s.out() + s.err()).find(key) == std::string::npos);
}

TEST_CASE("what cannot be served is refused in one sentence") {
  const auto wrong = [](std::vector<std::string> flags, const std::string& what) {
    flags.insert(flags.begin(), {"serve", kModel});
    check_wrong(flags, what);
  };
  wrong({"--host", "0.0.0.0", "--port", "0"}, "--insecure");
  wrong({"--host", "no such host"}, "is not known");
  wrong({"--port", "70000"}, "--port must be a whole number");
  wrong({"--api-key", "a b"}, "API key 1 holds a character");
  wrong({"--api-key-file", "/nothing/here"}, "--api-key-file: /nothing/here cannot be read");
  wrong({"--ssl-certfile", "/nothing/here"}, "--ssl-keyfile; one is missing");
  wrong({"--ssl-certfile", "/nothing/here", "--ssl-keyfile", "/nothing/here"},
        "/nothing/here cannot be opened");
  wrong({"--uds", std::string(200, 'a')}, "1 to 107 bytes");
  wrong({"--allowed-origins", "[\"*\"]", "--allow-credentials", "--port", "0"}, "--allow-credentials");
  wrong({"--allowed-origins", "[1]"}, "--allowed-origins must be a list of strings");
  wrong({"--served-model-name", ""}, "--served-model-name");
  wrong({"--metrics-prefix", "a b"}, "--metrics-prefix");
  const ProgramRun none = run_program({"serve", "/nothing/here", "--port", "0"});
  CHECK(none.status == 1);
  CHECK(none.err.find("/nothing/here") != std::string::npos);
}

TEST_CASE("a load over TLS, if the server's certificate is trusted") {
  const ScratchFolder folder;
  serve::make_certificate(folder.file("cert"), folder.file("key"));
  const Served s({"--ssl-certfile", folder.file("cert"), "--ssl-keyfile", folder.file("key")});
  const std::vector<std::string> load = {"bench",
                                         "serve",
                                         "--base-url",
                                         "https://localhost:" + std::to_string(s.port()),
                                         "--num-prompts",
                                         "4",
                                         "--random-input-len",
                                         "8",
                                         "--random-output-len",
                                         "4",
                                         "--ignore-eos"};
  const ProgramRun stranger = run_program(load);
  CHECK(stranger.status == 1);
  CHECK(stranger.err.find("certificate verify failed") != std::string::npos);
  setenv("SSL_CERT_FILE", folder.file("cert").c_str(), 1);
  const ProgramRun trusted = run_program(load);
  unsetenv("SSL_CERT_FILE");
  INFO(trusted.err);
  CHECK(trusted.status == 0);
  CHECK(trusted.out.find("Successful requests:                     4") != std::string::npos);
}

}  // namespace
}  // namespace quire
