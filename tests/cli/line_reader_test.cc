// Lines of an input, whatever its pieces; a waiting read can be woken.
#include "cli/line_reader.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <unistd.h>

#include <string>
#include <thread>
#include <vector>

#include "cli/wake_event.h"
#include "tests/cli/program.h"

namespace quire {
namespace {

struct Pipe {
  int ends[2] = {-1, -1};
  Pipe() { QUIRE_CHECK(pipe(ends) == 0); }
  ~Pipe() {
    close(ends[0]);
    finish();
  }
  void put(const std::string& text) {
    CHECK(::write(ends[1], text.data(), text.size()) == static_cast<ssize_t>(text.size()));
  }
  void finish() {
    if (ends[1] >= 0) close(ends[1]);
    ends[1] = -1;
  }
};

std::vector<std::string> all(LineReader& reader) {
  std::vector<std::string> lines;
  std::string line;
  for (;;) {
    const LineReader::Got got = reader.next(line);
    if (got == LineReader::Got::kEnd) return lines;
    lines.push_back(got == LineReader::Got::kTooLong ? "(too long)" : line);
  }
}

TEST_CASE("lines, the last without an end, empty ones and a byte order mark") {
  Pipe p;
  p.put("\xEF\xBB\xBFone\n\ntwo\r\nthree");
  p.finish();
  LineReader reader(p.ends[0], -1);
  CHECK(all(reader) == std::vector<std::string>{"one", "", "two\r", "three"});
}

TEST_CASE("a line that is too long is skipped, the next is whole") {
  Pipe p;
  p.put("ab\n" + std::string(30'000, 'x') + "\ncd\n" + std::string(11, 'y'));
  p.finish();
  LineReader reader(p.ends[0], -1, 10);
  CHECK(all(reader) == std::vector<std::string>{"ab", "(too long)", "cd", "(too long)"});
}

TEST_CASE("a line longer than a read comes whole") {
  Pipe p;
  const std::string large(300'000, 'x');
  std::thread writer([&] {
    p.put(large + "\nb");
    p.finish();
  });
  LineReader reader(p.ends[0], -1);
  CHECK(all(reader) == std::vector<std::string>{large, "b"});
  writer.join();
}

TEST_CASE("a wake ends an input that waits") {
  Pipe p;
  WakeEvent wake;
  p.put("one\n");
  LineReader reader(p.ends[0], wake.fd());
  std::string line;
  CHECK(reader.next(line) == LineReader::Got::kLine);
  std::thread waker([&] { wake.ring(); });
  CHECK(reader.next(line) == LineReader::Got::kEnd);
  waker.join();
}

TEST_CASE("lines of a file are counted without reading it away") {
  const ScratchFolder folder;
  const auto count = [&](const std::string& text) {
    const int fd = open(folder.write("f", text).c_str(), O_RDONLY);
    const uint64_t n = count_lines(fd);
    LineReader reader(fd, -1);
    CHECK(all(reader).size() == n);
    close(fd);
    return n;
  };
  CHECK(count("") == 0);
  CHECK(count("a\nb\n") == 2);
  CHECK(count("a\n\nb") == 3);
  CHECK(count(std::string(200'000, '\n')) == 200'000);
  const Pipe p;
  CHECK(count_lines(p.ends[0]) == 0);
}

TEST_CASE("an input that cannot be read is an error") {
  const int folder = open("/", O_RDONLY);
  LineReader reader(folder, -1);
  std::string line;
  CHECK(reader.next(line) == LineReader::Got::kError);
  close(folder);
  CHECK(reader.error().message().starts_with("cannot read the input: "));
}

}  // namespace
}  // namespace quire
