// What the server costs from the engine to the socket: processor time for each token of a stream, and
// requests a second for answers of one token, on an engine that computes nothing. The client's own time and
// that of an engine whose events nobody takes are measured and left out.
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdio>
#include <cstring>
#include <ctime>

#include "serve/http/server.h"
#include "tests/serve/api/served_script.h"

namespace quire::serve {
namespace {

double seconds_of(clockid_t clock) {
  timespec t{};
  clock_gettime(clock, &t);
  return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_nsec) * 1e-9;
}

SchedulerConfig large_config(int32_t streams) {
  SchedulerConfig c = small_config();
  c.max_seqs = streams;
  c.max_step_tokens = 8192;
  c.limits.max_model_len = 8192;
  c.kv.block_size = 16;
  c.kv.num_blocks = 40000;
  return c;
}

struct Connection {
  int fd = -1;
  std::string received;
};

int connect_to(int32_t port) {
  const int fd = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  QUIRE_CHECK(connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
  const int yes = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
  return fd;
}

void ask(int fd, const std::string& body) {
  const std::string text =
      "POST /v1/completions HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
      "Content-Length: " +
      std::to_string(body.size()) + "\r\n\r\n" + body;
  QUIRE_CHECK(write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size()));
}

// Asks on all connections, and again on each that has its answer, whose end is known by `end`, until there
// are `answers` of them.
void serve_clients(std::vector<Connection>& all, std::string_view end, const std::string& body, int answers) {
  std::vector<pollfd> polled;
  for (const Connection& c : all) polled.push_back({c.fd, POLLIN, 0});
  int begun = 0;
  for (const Connection& c : all) ask(c.fd, body), ++begun;
  char buffer[1 << 16];
  for (int done = 0; done < answers;) {
    QUIRE_CHECK(poll(polled.data(), polled.size(), 10000) > 0);
    for (size_t i = 0; i < all.size(); ++i) {
      if (!(polled[i].revents & POLLIN)) continue;
      const ssize_t n = read(all[i].fd, buffer, sizeof buffer);
      QUIRE_CHECK(n > 0);
      std::string& text = all[i].received;
      text.append(buffer, static_cast<size_t>(n));
      if (text.find(end) == std::string::npos) {
        if (text.size() > end.size()) text.erase(0, text.size() - end.size());
        continue;
      }
      text.clear();
      ++done;
      if (begun < answers) ask(all[i].fd, body), ++begun;
    }
  }
}

struct Cost {
  double processor = 0, wall = 0;
};

Cost through_sockets(int streams, int step_us, const std::string& body, std::string_view end, int answers) {
  ServedScript served({}, {.max_queued_requests = 0, .max_queued_seconds = 0}, large_config(streams));
  served.quiet = true;
  served.gate().step_us = step_us;
  ServerOptions options;
  options.port = 0;
  auto server = Server::start(std::move(options), served.routes());
  QUIRE_CHECK(server.ok());
  std::vector<Connection> all(static_cast<size_t>(streams));
  for (Connection& c : all) c.fd = connect_to(server.value()->port());
  serve_clients(all, end, body, streams);  // warm
  const double wall = seconds_of(CLOCK_MONOTONIC), total = seconds_of(CLOCK_PROCESS_CPUTIME_ID),
               client = seconds_of(CLOCK_THREAD_CPUTIME_ID);
  serve_clients(all, end, body, answers);
  const Cost cost{
      (seconds_of(CLOCK_PROCESS_CPUTIME_ID) - total) - (seconds_of(CLOCK_THREAD_CPUTIME_ID) - client),
      seconds_of(CLOCK_MONOTONIC) - wall};
  for (const Connection& c : all) close(c.fd);
  return cost;
}

// The same requests, and nobody takes the tokens.
Cost engine_alone(int streams, int step_us, int tokens) {
  ScriptRunner::Gate gate;
  gate.step_us = step_us;
  std::atomic<int> ended = 0;
  Engine engine(large_config(streams), std::make_unique<ScriptRunner>(gate),
                [&](auto events, auto, const auto&) {
                  for (const TokenEvent& e : events) ended += e.finish != Finish::kNone;
                  ended.notify_one();
                });
  const double wall = seconds_of(CLOCK_MONOTONIC), total = seconds_of(CLOCK_PROCESS_CPUTIME_ID);
  for (int i = 0; i < streams; ++i) {
    Request r;
    r.id = static_cast<RequestId>(i + 1);
    r.prompt = {1, 2, 3};
    r.max_tokens = tokens;
    r.sampling.ignore_eos = true;
    QUIRE_CHECK(engine.submit(std::move(r)).ok());
  }
  for (int seen = ended; seen < streams; seen = ended) ended.wait(seen);
  return {seconds_of(CLOCK_PROCESS_CPUTIME_ID) - total, seconds_of(CLOCK_MONOTONIC) - wall};
}

void streams(int count, int step_us, int tokens) {
  const std::string body =
      R"({"prompt":"abc","stream":true,"ignore_eos":true,"max_tokens":)" + std::to_string(tokens) + "}";
  const Cost served = through_sockets(count, step_us, body, "[DONE]\n\n", count);
  const Cost engine = engine_alone(count, step_us, tokens);
  const double made = static_cast<double>(count) * tokens;
  const double us = (served.processor - engine.processor) / made * 1e6;
  std::printf(
      "%3d streams, %7.0f tokens/s: %5.1f us of processor time a token, %.2f %% of a core at 1000 tokens/s\n",
      count, made / served.wall, us, us / 10);
}

}  // namespace
}  // namespace quire::serve

int main() {
  using namespace quire::serve;
  streams(1, 1000, 3000);
  streams(1, 0, 8000);
  streams(256, 250'000, 16);
  streams(256, 0, 1000);
  const int requests = 4000;
  const Cost c = through_sockets(16, 0, R"({"prompt":"abc","max_tokens":1})", "\"cached_tokens\":", requests);
  std::printf("answers of one token, 16 connections: %.0f requests/s, %.0f us of processor time each\n",
              requests / c.wall, c.processor / requests * 1e6);
  return 0;
}
