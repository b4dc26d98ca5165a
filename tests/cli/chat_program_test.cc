// quire chat as a script meets it, and as a person at a terminal does.
#include <doctest/doctest.h>
#include <poll.h>
#include <pty.h>

#include <chrono>
#include <string>
#include <thread>

#include "base/json.h"
#include "tests/cli/program.h"

namespace quire {
namespace {

const std::string kDemo = QUIRE_SOURCE_DIR "/demo";

TEST_CASE("a script: answers on standard output, all else on standard error") {
  const ScratchFolder folder;
  const std::string saved = folder.file("talk.json");
  const ProgramRun run = run_program({"chat", kDemo, "--max-tokens", "8", "--temperature", "0"},
                                     "import os\n/set max_tokens 4\n\"\"\"def f():\n  return\"\"\"\n/save " +
                                         saved + "\n/stats\n/exit\nnever read\n");
  CHECK(run.status == 0);
  CHECK(run.err.find("Saved 4 messages to " + saved) != std::string::npos);
  CHECK(run.err.find("last answer: ") != std::string::npos);
  Result<Json> talk = parse_json(read_text(saved));
  REQUIRE(talk.ok());
  const Json::Array& messages = *talk.value().find("messages")->array();
  REQUIRE(messages.size() == 4);
  CHECK(*messages[2].find("content")->string() == "def f():\n  return");
  CHECK(run.out ==
        *messages[1].find("content")->string() + "\n" + *messages[3].find("content")->string() + "\n");

  SUBCASE("a saved conversation is a request of generate") {
    const ProgramRun again = run_program({"generate", kDemo, "--input", saved});
    CHECK(again.status == 0);
    CHECK(count_newlines(again.out) == 1);
  }
  SUBCASE("and a conversation to go on with") {
    const ProgramRun again =
        run_program({"chat", kDemo, "--load", saved, "--temperature", "0"}, "and then?\n/stats\n");
    CHECK(again.status == 0);
    CHECK(again.err.find("cut after 4 tokens") != std::string::npos);
  }
}

TEST_CASE("answers are the same as those of generate") {
  const ProgramRun chat = run_program({"chat", kDemo, "--max-tokens", "12"}, "import os\n");
  const ProgramRun line = run_program({"generate", kDemo, "--max-tokens", "12"},
                                      R"({"messages":[{"role":"user","content":"import os"}]})");
  Result<Json> answer = parse_json(line.out);
  REQUIRE(answer.ok());
  CHECK(chat.out == *answer.value().find("text")->string() + "\n");
}

TEST_CASE("what a script gets wrong is said, and its end is 1") {
  const ProgramRun run = run_program({"chat", kDemo, "--max-tokens", "2"}, "/sav x\nhello\n");
  CHECK(run.status == 1);
  CHECK(run.err.find("did you mean /save?") != std::string::npos);
  CHECK(count_newlines(run.out) >= 1);
  CHECK(run_program({"chat", kDemo, "--n", "2"}).status == 2);
  CHECK(run_program({"chat", kDemo, "--load", "/nowhere/at/all"}).status == 2);
  CHECK(run_program({"chat", "/nowhere/at/all"}).err.find("/nowhere/at/all is no model folder: ") !=
        std::string::npos);
  const ProgramRun dumb = run_program({"chat", QUIRE_TEST_DATA "/goldens/llama3"}, "hello\n");
  CHECK(dumb.status == 1);
  CHECK(dumb.err.find("has no chat template") != std::string::npos);
  CHECK(dumb.err.find("--chat-template FILE") != std::string::npos);
}

class Terminal {  // with the program on its other side
 public:
  explicit Terminal(const std::string& model) {
    const std::string program = QUIRE_PROGRAM;
    child_ = forkpty(&fd_, nullptr, nullptr, nullptr);
    QUIRE_CHECK(child_ >= 0);
    if (child_ > 0) return;
    for (int s : {SIGINT, SIGTERM}) std::signal(s, SIG_DFL);
    setenv("TERM", "xterm", 1);
    setenv("HOME", "/nonexistent", 1);
    execl(program.c_str(), program.c_str(), "chat", model.c_str(), "--temperature", "0", nullptr);
    _exit(127);
  }
  ~Terminal() {
    if (child_ > 0) kill(child_, SIGKILL), wait_for(child_);
    close(fd_);
  }
  void type(std::string_view keys) {
    QUIRE_CHECK(write(fd_, keys.data(), keys.size()) == static_cast<ssize_t>(keys.size()));
  }
  // Reads until `text` has been seen; what was seen before it is forgotten.
  bool see(std::string_view text) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(60);
    while (std::chrono::steady_clock::now() < end) {
      if (const size_t at = seen_.find(text); at != seen_.npos) return seen_.erase(0, at + text.size()), true;
      pollfd in{fd_, POLLIN, 0};
      if (poll(&in, 1, 200) <= 0) continue;
      char buffer[4096];
      const ssize_t n = read(fd_, buffer, sizeof buffer);
      if (n <= 0) break;
      seen_.append(buffer, static_cast<size_t>(n));
    }
    MESSAGE("seen instead: " << seen_);
    return false;
  }
  // Types `key` until the program ends: between a prompt and the reading of keys one may be lost.
  int end(std::string_view key) {
    int status = 0;
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(60);
    while (waitpid(child_, &status, WNOHANG) == 0) {
      if (std::chrono::steady_clock::now() > end) return -1;
      type(key);
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
    }
    child_ = 0;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  }

 private:
  int fd_ = -1;
  pid_t child_ = 0;
  std::string seen_;
};

TEST_CASE("at a terminal: editing, history, a paste, and Ctrl-C") {
  const ScratchFolder folder;
  const std::string saved = folder.file("talk.json");
  Terminal t(kDemo);
  REQUIRE(t.see("/help lists commands"));
  REQUIRE(t.see(">>> "));
  t.type("/set max_tokenz\x7fs 3\r");  // a letter taken back
  REQUIRE(t.see(">>> "));
  t.type("h\xC3\xA9llo\r");
  REQUIRE(t.see("cut after 3 tokens"));
  REQUIRE(t.see(">>> "));
  t.type("\x1b[A\r");  // the same again
  REQUIRE(t.see("cut after 3 tokens"));
  REQUIRE(t.see(">>> "));
  t.type("\x1b[200~def f():\n\treturn 1\x1b[201~\r");
  REQUIRE(t.see("cut after 3 tokens"));
  REQUIRE(t.see(">>> "));
  t.type("never sent\x03");
  REQUIRE(t.see(">>> "));
  t.type("/save " + saved + "\r");
  REQUIRE(t.see("Saved 6 messages"));
  Result<Json> talk = parse_json(read_text(saved));
  REQUIRE(talk.ok());
  const Json::Array& messages = *talk.value().find("messages")->array();
  CHECK(*messages[0].find("content")->string() == "h\xC3\xA9llo");
  CHECK(*messages[2].find("content")->string() == "h\xC3\xA9llo");
  CHECK(*messages[4].find("content")->string() == "def f():\n\treturn 1");

  // An answer that would go on for long is stopped, and the chat goes on.
  t.type("/set max_tokens 1900\r");
  REQUIRE(t.see(">>> "));
  t.type("/set ignore_eos true\r");
  REQUIRE(t.see(">>> "));
  t.type("/clear\r");
  REQUIRE(t.see("Forgotten."));
  REQUIRE(t.see(">>> "));
  t.type("go\r");
  REQUIRE(t.see("\r\n"));
  t.type("\x03");
  REQUIRE(t.see(">>> "));
  t.type("/stats\r");
  REQUIRE(t.see("last answer: "));
  REQUIRE(t.see(">>> "));
  CHECK(t.end("\x04") == 0);
}

}  // namespace
}  // namespace quire
