// test_cli_soak [SECONDS [CLIENTS [MIB]]]: a server under clients (32) that stream, wait, leave in the middle
// and send nonsense, for some seconds (3). It answers them all, its memory stays flat, nothing is left over,
// and it ends well. Flat is within a fiftieth and so many MiB: 4, or 32 in less than a minute.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "tests/cli/program.h"
#include "tests/serve/http/client.h"

using namespace quire;
using namespace quire::serve;

namespace {

struct Tally {
  std::atomic<int64_t> answered{0}, refused{0}, left{0}, nonsense{0}, wrong{0};
};

std::string completion(std::mt19937& random, bool stream) {
  const std::string prompt(1 + random() % 200, static_cast<char>('a' + random() % 26));
  return post("/v1/completions",
              "{\"prompt\":\"" + prompt + "\",\"ignore_eos\":true,\"max_tokens\":" +
                  std::to_string(1 + random() % 40) + (stream ? ",\"stream\":true}" : "}"),
              "Content-Type: application/json\r\n");
}

void wrong(Tally& tally, const Answer& a) {
  if (++tally.wrong <= 5)
    std::fprintf(stderr, "soak: got %d \"%s\"\n", a.status, a.body.substr(0, 200).c_str());
}

void one_request(int32_t port, std::mt19937& random, Tally& tally) {
  Client c(port);
  c.wait_at_most(milliseconds(120'000));  // a sanitizer is slow, and others wait too
  switch (random() % 10) {
    case 0: {  // leaves before, or while, it is answered
      c.send(completion(random, random() % 2 == 0));
      if (random() % 2 == 0) c.receive(milliseconds(static_cast<int>(random() % 100)));
      if (random() % 2 == 0) c.reset();
      ++tally.left;
      return;
    }
    case 1: {
      static const std::string kNonsense[] = {
          "GET / HTTP/1.1\r\n\r\n",
          "POST /v1/completions HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n\r\n{]",
          post("/v1/completions", "{\"prompt\":1e999}", "Content-Type: application/json\r\n"),
          "GET /nothing HTTP/1.1\r\nHost: localhost\r\n\r\n", std::string(20'000, 'x')};
      const Answer a = c.ask(kNonsense[random() % std::size(kNonsense)]);
      if (a.status < 400 || a.status >= 500) wrong(tally, a);
      ++tally.nonsense;
      return;
    }
    default:
      for (int i = 0; i < 3; ++i) {  // one connection for several
        const bool stream = random() % 3 != 0;
        const Answer a = c.ask(completion(random, stream));
        if (a.status == 503) ++tally.refused;
        else if (a.status != 200 || !a.whole || (stream && !a.body.ends_with("data: [DONE]\n\n")))
          wrong(tally, a);
        else ++tally.answered;
      }
  }
}

int64_t resident_bytes(pid_t child) {
  std::ifstream file("/proc/" + std::to_string(child) + "/statm");
  int64_t size = 0, resident = 0;
  file >> size >> resident;
  return resident * sysconf(_SC_PAGESIZE);
}

double mebibytes(int64_t bytes) { return static_cast<double>(bytes) / (1 << 20); }

}  // namespace

int main(int argc, char** argv) {
  const int seconds = argc > 1 ? std::atoi(argv[1]) : 3;
  const uint32_t many = argc > 2 ? static_cast<uint32_t>(std::atoi(argv[2])) : 32;
  const int64_t slack = int64_t{argc > 3 ? std::atoi(argv[3]) : seconds < 60 ? 32 : 4} << 20;
  const ScratchFolder folder;
  const pid_t child =
      start_program({"serve", QUIRE_SOURCE_DIR "/demo", "--port", "0", "--kv-cache-memory-bytes", "64MiB",
                     "--weight-cache", "off"},
                    open("/dev/null", O_RDONLY | O_CLOEXEC), folder.file("out"), folder.file("err"));
  QUIRE_CHECK(
      eventually([&] { return count_newlines(read_text(folder.file("out"))) > 0; }, milliseconds(120'000)));
  const std::string line = read_text(folder.file("out"));
  const int32_t port = std::atoi(line.substr(line.find("127.0.0.1:") + 10).c_str());

  Tally tally;
  std::vector<int64_t> resident;
  {
    std::atomic<bool> stop{false};
    std::vector<std::jthread> clients;
    for (uint32_t t = 0; t < many; ++t)
      clients.emplace_back([&, t] {
        for (std::mt19937 random(t); !stop;) one_request(port, random, tally);
      });
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(seconds);
    while (std::chrono::steady_clock::now() < end) {
      std::this_thread::sleep_for(milliseconds(100));
      resident.push_back(resident_bytes(child));
      if (resident.size() % 100 == 0)
        std::printf("%zu s: %.1f MiB, %lld answered\n", resident.size() / 10, mebibytes(resident.back()),
                    static_cast<long long>(tally.answered));
    }
    stop = true;
  }
  const bool idle = eventually([&] {
    Client c(port);
    return c.ask(get("/load")).body.find("\"server_load\":0") != std::string::npos;
  });
  kill(child, SIGTERM);
  const int status = wait_for(child);

  // What it takes at most early and late, after a time to warm up.
  const auto most = [&](double from, double to) {
    const auto at = [&](double f) {
      return resident.begin() + static_cast<ptrdiff_t>(f * static_cast<double>(resident.size()));
    };
    return *std::max_element(at(from), at(to));
  };
  const int64_t early = most(0.3, 0.65), late = most(0.65, 1.0);
  const bool flat = late <= early + early / 50 + slack;
  std::printf(
      "%d s, %u clients: %lld answered, %lld refused as too many, %lld left, %lld nonsense, %lld wrong; "
      "resident %.1f "
      "MiB early, %.1f MiB late\n",
      seconds, many, static_cast<long long>(tally.answered), static_cast<long long>(tally.refused),
      static_cast<long long>(tally.left), static_cast<long long>(tally.nonsense),
      static_cast<long long>(tally.wrong), mebibytes(early), mebibytes(late));
  if (!idle) std::printf("requests are left over in the server\n");
  if (!flat) std::printf("its memory has grown\n");
  if (status != 0)
    std::printf("it has ended with %d\n%s\n", status, read_text(folder.file("err")).substr(0, 2000).c_str());
  return tally.wrong == 0 && tally.answered > 0 && idle && flat && status == 0 ? 0 : 1;
}
