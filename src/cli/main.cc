// The program: finds the command and runs it.
#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <string>
#include <vector>

#include "base/nearest_word.h"
#include "cli/command.h"
#include "cli/version.h"

namespace {

void print_help() {
  std::printf(
      "Quire %s generates text from large language models.\n\nUsage: quire COMMAND ...\n\nCommands:\n",
      quire::version());
  for (const quire::Command& c : quire::commands())
    std::printf("  %-12.*s%.*s\n", static_cast<int>(c.name.size()), c.name.data(),
                static_cast<int>(c.summary.size()), c.summary.data());
  std::printf(
      "\n  quire COMMAND --help   flags and examples of one command\n  quire --version\n\n"
      "Example:\n  quire generate demo --prompt 'def read_lines(path):'\n");
}

int unknown_command(const std::string& name) {
  std::vector<std::string_view> names;
  for (const quire::Command& c : quire::commands()) names.push_back(c.name);
  const std::string_view near = quire::nearest_word(name, names);
  quire::say(
      "unknown command \"" + name + "\"." +
      (near.empty() ? " quire --help lists what there is." : " Did you mean " + std::string(near) + "?"));
  return quire::kWrongUse;
}

// Lists of processes show the words of a command line: once they are read, keys are taken out of them.
void blot_out_keys(int argc, char** argv) {
  for (int i = 1; i < argc; ++i) {
    std::string name(argv[i]);
    std::ranges::replace(name, '_', '-');
    char* key = name.starts_with("--api-key=")        ? std::strchr(argv[i], '=') + 1
                : name == "--api-key" && i + 1 < argc ? argv[i + 1]
                                                      : nullptr;
    if (key) std::memset(key, 'x', std::strlen(key));
  }
}

}  // namespace

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);  // a reader that has gone is an error of write()
  const std::vector<std::string> words(argv + 1, argv + argc);
  blot_out_keys(argc, argv);
  if (words.empty()) {
    quire::say("give a command; quire --help lists what there is.");
    return quire::kWrongUse;
  }
  if (words[0] == "--help" || words[0] == "-h" || words[0] == "help") return print_help(), quire::kAllWell;
  if (words[0] == "--version") return std::printf("quire %s\n", quire::version()), quire::kAllWell;
  for (const quire::Command& c : quire::commands())
    if (c.name == words[0]) return c.run(c, std::span(words).subspan(1));
  return unknown_command(words[0]);
}
