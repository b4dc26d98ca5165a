// Runs the built program as a user would, with files as its standard streams.
#pragma once
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "tests/scratch_folder.h"

namespace quire {

inline std::string read_text(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream(path, std::ios::binary).rdbuf();
  return text.str();
}

inline size_t count_newlines(std::string_view text) {
  return static_cast<size_t>(std::count(text.begin(), text.end(), '\n'));
}

struct ProgramRun {
  int status = -1;  // 128 + the signal that ended it
  std::string out, err;
};

// Starts `quire` with these arguments; standard input is `input`, which is closed here. Comes back when the
// child is that program.
inline pid_t start_program(const std::vector<std::string>& arguments, int input, const std::string& out,
                           const std::string& err) {
  std::vector<char*> argv;
  const std::string program = QUIRE_PROGRAM;
  argv.push_back(const_cast<char*>(program.c_str()));
  for (const std::string& a : arguments) argv.push_back(const_cast<char*>(a.c_str()));
  argv.push_back(nullptr);
  int begun[2];  // its end is seen when the child has become the program
  QUIRE_CHECK(pipe2(begun, O_CLOEXEC) == 0);
  const pid_t child = fork();
  if (child != 0) {
    char byte = 0;
    close(begun[1]);
    QUIRE_CHECK(read(begun[0], &byte, 1) == 0);
    close(begun[0]);
    close(input);
    return child;
  }
  for (int s : {SIGINT, SIGTERM}) std::signal(s, SIG_DFL);  // not the test program's own
  dup2(input, STDIN_FILENO);
  dup2(open(out.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600), STDOUT_FILENO);
  dup2(open(err.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600), STDERR_FILENO);
  execv(program.c_str(), argv.data());
  _exit(127);
}

inline int wait_for(pid_t child) {
  int status = 0;
  QUIRE_CHECK(waitpid(child, &status, 0) == child);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

inline ProgramRun run_program(const std::vector<std::string>& arguments, std::string_view input = "") {
  const ScratchFolder folder;
  const int in = open(folder.write("in", input).c_str(), O_RDONLY | O_CLOEXEC);
  const pid_t child = start_program(arguments, in, folder.file("out"), folder.file("err"));
  const int status = wait_for(child);
  return {status, read_text(folder.file("out")), read_text(folder.file("err"))};
}

}  // namespace quire
