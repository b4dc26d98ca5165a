// The doors of a server: addresses, Unix sockets, TLS, keys and pages of other origins, over real sockets.
#include <doctest/doctest.h>
#include <openssl/ssl.h>
#include <sys/stat.h>

#include <csignal>
#include <cstdio>
#include <filesystem>

#include "client.h"
#include "tests/scratch_folder.h"
#include "tests/serve/http/certificate.h"

using namespace quire;
using namespace quire::serve;

namespace {

class TlsClient {
 public:
  explicit TlsClient(int32_t port, int most_version = TLS1_3_VERSION)
      : tcp(port), context_(SSL_CTX_new(TLS_client_method())) {
    std::signal(SIGPIPE, SIG_IGN);  // OpenSSL's own writes
    SSL_CTX_set_min_proto_version(context_, TLS1_VERSION);
    SSL_CTX_set_max_proto_version(context_, most_version);
    SSL_CTX_set_security_level(context_, 0);
    ssl_ = SSL_new(context_);
    SSL_set_fd(ssl_, tcp.fd());
    connected = SSL_connect(ssl_) == 1;
  }
  ~TlsClient() {
    SSL_free(ssl_);
    SSL_CTX_free(context_);
  }
  std::string ask(const std::string& bytes) {
    send(bytes);
    return read();
  }
  void send(const std::string& bytes) { SSL_write(ssl_, bytes.data(), static_cast<int>(bytes.size())); }
  std::string read() {
    char buffer[4096];
    const int n = SSL_read(ssl_, buffer, sizeof buffer);
    clean_end = n <= 0 && SSL_get_error(ssl_, n) == SSL_ERROR_ZERO_RETURN;
    return n > 0 ? std::string(buffer, static_cast<size_t>(n)) : "";
  }
  int renegotiate() { return SSL_renegotiate(ssl_) == 1 ? SSL_do_handshake(ssl_) : 0; }
  const char* version() { return SSL_get_version(ssl_); }
  Client tcp;
  bool connected = false, clean_end = false;

 private:
  SSL_CTX* context_;
  SSL* ssl_ = nullptr;
};

Status refusal(ServerOptions o) {
  auto server = Server::start(std::move(o), {});
  return server.ok() ? Status() : server.status();
}

}  // namespace

TEST_CASE("without a key only this machine is let in, unless one insists") {
  ServerOptions o;
  o.port = 0;
  o.host = "0.0.0.0";
  const Status s = refusal(o);
  REQUIRE_FALSE(s.ok());
  CHECK(s.message().find("--api-key") != std::string::npos);
  CHECK(s.message().find("--insecure") != std::string::npos);
  o.host = "::";
  CHECK_FALSE(refusal(o).ok());
  o.insecure = true;
  CHECK(refusal(o).ok());
  o.insecure = false;
  o.keys = ApiKeys::from({"k"}).value();
  CHECK(refusal(o).ok());
  for (const char* host : {"127.0.0.1", "localhost", "127.3.4.5"}) {
    ServerOptions local;
    local.port = 0;
    local.host = host;
    CHECK(refusal(local).ok());
  }
  ServerOptions nowhere;
  nowhere.host = "no such host";
  CHECK(refusal(nowhere).message().find("is not known") != std::string::npos);
}

TEST_CASE("a port that is taken is said, one that was just left is not") {
  int32_t port = 0;
  {
    TestServer first;
    port = first.port();
    ServerOptions o;
    o.port = port;
    CHECK(refusal(o).message().find("port " + std::to_string(port)) != std::string::npos);
    Client c(port);
    CHECK(c.ask(get("/livez", "Connection: close\r\n")).status == 200);  // leaves TIME_WAIT behind
  }
  ServerOptions o;
  o.port = port;
  CHECK(refusal(o).ok());
}

TEST_CASE("a server on IPv6") {
  ServerOptions o;
  o.host = "::1";
  o.port = 0;
  auto server = Server::start(o, {});
  if (!server.ok()) return;  // a machine without it
  CHECK(server.value()->url() == "http://[::1]:" + std::to_string(server.value()->port()));
  const int fd = socket(AF_INET6, SOCK_STREAM, 0);
  sockaddr_in6 a{};
  a.sin6_family = AF_INET6;
  a.sin6_addr = in6addr_loopback;
  a.sin6_port = htons(static_cast<uint16_t>(server.value()->port()));
  CHECK(connect(fd, reinterpret_cast<sockaddr*>(&a), sizeof a) == 0);
  close(fd);
}

TEST_CASE("a Unix socket: who may, a stale one, and one that is not ours") {
  const ScratchFolder folder;
  const std::string path = folder.file("q.sock");
  ServerOptions o;
  o.uds = path;
  {
    TestServer server(o);
    CHECK(server.server().url() == "unix:" + path);
    Client c(path);
    CHECK(c.ask("GET /echo HTTP/1.1\r\nHost: whatever.example\r\n\r\n").status == 200);
    CHECK(c.ask(post("/echo", "x")).body == "x");
    CHECK(refusal(o).message().find("listens on") != std::string::npos);
    struct stat s{};
    REQUIRE(stat(path.c_str(), &s) == 0);
    CHECK((s.st_mode & 0077) == 0);
  }
  CHECK_FALSE(std::filesystem::exists(path));
  {  // a socket that a dead server has left
    const int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    sockaddr_un a{};
    a.sun_family = AF_UNIX;
    std::memcpy(a.sun_path, path.data(), path.size());
    REQUIRE(bind(fd, reinterpret_cast<sockaddr*>(&a), sizeof a) == 0);
    close(fd);
    TestServer server(o);
    Client c(path);
    CHECK(c.ask(get("/livez")).status == 200);
    // Somebody else has put his own there meanwhile: it stays.
    std::filesystem::remove(path);
    folder.write("q.sock", "mine");
  }
  CHECK(std::filesystem::exists(path));
  CHECK(refusal(o).message().find("is no socket") != std::string::npos);
  o.uds = folder.file(std::string(200, 'a'));
  CHECK(refusal(o).message().find("1 to 107 bytes") != std::string::npos);
  o.uds = folder.file("no/such/folder.sock");
  CHECK_FALSE(refusal(o).ok());
}

TEST_CASE("TLS: 1.2 and 1.3, and a clean end") {
  const ScratchFolder folder;
  make_certificate(folder.file("cert"), folder.file("key"));
  ServerOptions o;
  o.tls_certificate = folder.file("cert");
  o.tls_key = folder.file("key");
  o.limits.head_read = milliseconds(800);
  TestServer server(o);
  CHECK(server.server().url().starts_with("https://127.0.0.1:"));
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    TlsClient c(server.port(), version);
    REQUIRE(c.connected);
    CHECK(c.ask(post("/echo", "hello")).ends_with("\r\n\r\nhello"));
    if (version == TLS1_2_VERSION) CHECK(c.renegotiate() <= 0);
    if (version == TLS1_2_VERSION) continue;
    CHECK(c.ask(get("/livez", "Connection: close\r\n")).starts_with("HTTP/1.1 200"));
    CHECK(c.read().empty());
    CHECK(c.clean_end);
  }
  CHECK_FALSE(TlsClient(server.port(), TLS1_1_VERSION).connected);
  Client plain(server.port());
  plain.send(get("/livez"));
  CHECK(plain.closed_by_server());
  Client silent(server.port());
  CHECK(silent.closed_by_server());

  TlsClient leaver(server.port());
  REQUIRE(leaver.connected);
  leaver.send(post("/hold", "{}"));
  const auto reply = server.held();
  shutdown(leaver.tcp.fd(), SHUT_RDWR);
  CHECK(eventually([&] { return reply->gone(); }));
}

TEST_CASE("a certificate or key that is none is said in one sentence") {
  const ScratchFolder folder;
  make_certificate(folder.file("cert"), folder.file("key"));
  make_certificate(folder.file("cert2"), folder.file("key2"));
  const auto why = [&](const std::string& cert, const std::string& key) {
    ServerOptions o;
    o.port = 0;
    o.tls_certificate = cert, o.tls_key = key;
    return refusal(o).message();
  };
  CHECK(why(folder.file("cert"), "").find("--ssl-keyfile; one is missing") != std::string::npos);
  CHECK(why("", folder.file("key")).find("one is missing") != std::string::npos);
  CHECK(why(folder.file("nope"), folder.file("key")).find("cannot be opened") != std::string::npos);
  CHECK(why(folder.file("key"), folder.file("key")).find("holds no certificate") != std::string::npos);
  CHECK(why(folder.file("cert"), folder.file("cert")).find("holds no key") != std::string::npos);
  CHECK_FALSE(why(folder.file("cert"), folder.file("key2")).empty());
  CHECK(why(folder.file("cert2"), folder.file("key2")).empty());
}

TEST_CASE("keys over sockets: refused before the body is read, and every key is its own") {
  ServerOptions o;
  o.keys = ApiKeys::from({"alpha", "beta"}).value();
  TestServer server(o);
  Client c(server.port());
  const Answer refused = c.ask(get("/key"));
  CHECK(refused.status == 401);
  CHECK(refused.header("WWW-Authenticate") == "Bearer");
  CHECK(refused.body.find("\"error\"") != std::string::npos);
  CHECK(c.ask(get("/key", "Authorization: Bearer beta\r\n")).body == "2");
  CHECK(c.ask(get("/key", "Host2: x\r\nAuthorization: Bearer alpha\r\n")).body == "1");
  CHECK(c.ask(get("/nothing")).status == 401);
  CHECK(c.ask("GET /key HTTP/1.1\r\nHost: any.example\r\nAuthorization: Bearer alpha\r\n\r\n").body == "1");
  Client early(server.port());
  early.send("POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000\r\n\r\n");
  CHECK(early.answer().status == 401);
  Client trailer(server.port());
  trailer.send(
      "POST /echo HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nAuthorization: "
      "Bearer alpha\r\n\r\n");
  CHECK(trailer.answer().status == 401);
}

TEST_CASE("CORS over sockets") {
  ServerOptions o;
  o.origins.origins = {"https://a.example"};
  o.keys = ApiKeys::from({"alpha"}).value();
  TestServer server(o);
  Client c(server.port());
  const Answer preflight = c.ask(
      "OPTIONS /echo HTTP/1.1\r\nHost: localhost\r\nOrigin: "
      "https://a.example\r\nAccess-Control-Request-Method: POST\r\n\r\n");
  CHECK(preflight.status == 204);
  CHECK(preflight.header("Access-Control-Allow-Origin") == "https://a.example");
  CHECK(preflight.header("Content-Length").empty());
  const Answer got = c.ask(
      get("/echo", "Origin: https://a.example\r\nAuthorization: Bearer alpha\r\nX-Request-Id: abc\r\n"));
  CHECK(got.header("Access-Control-Allow-Origin") == "https://a.example");
  CHECK(got.header("X-Request-Id") == "abc");
  CHECK(c.ask(get("/echo", "Origin: https://a.example\r\n")).header("Access-Control-Allow-Origin") ==
        "https://a.example");
  CHECK(c.ask(get("/echo", "Origin: https://b.example\r\n")).header("Access-Control-Allow-Origin").empty());
  ServerOptions both;
  both.port = 0;
  both.origins.origins = {"*"};
  both.origins.credentials = true;
  CHECK(refusal(both).message().find("--allow-credentials") != std::string::npos);
}
