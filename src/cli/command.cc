#include "cli/command.h"

#include <cstdio>
#include <cstdlib>
#include <vector>

namespace quire {
namespace {

SettingGroup common_settings(std::optional<std::string>& config) {
  return {"General",
          {{"config", &config,
            "Read settings from a JSON object: names as here, without dashes in front. Environment "
            "variables (QUIRE_MAX_NUM_SEQS) come after it, flags last.",
            "FILE", "", 0, 0, nullptr, true}}};
}

}  // namespace

void say(std::string_view message) {
  std::string line = "quire: ";
  for (char c : message) line += static_cast<unsigned char>(c) < 0x20 || c == 0x7F ? '?' : c;
  line += '\n';
  std::fwrite(line.data(), 1, line.size(), stderr);
}

int wrong_use(const Command& command, std::string_view what) {
  say(std::string(command.name) + ": " + std::string(what));
  return kWrongUse;
}

int refused(const Status& status) {
  say(status.message());
  return kRefused;
}

std::optional<int> read_flags(const Command& command, std::span<const SettingGroup> groups,
                              std::span<const std::string> arguments, Given& given) {
  std::optional<std::string> config;
  std::vector<SettingGroup> all(groups.begin(), groups.end());
  all.push_back(common_settings(config));
  const std::string help = describe_settings(all);
  Result<Given> read = read_settings(all, arguments, [](const char* name) { return std::getenv(name); });
  if (!read.ok()) return wrong_use(command, read.status().message());
  given = std::move(read).value();
  if (given.help) {
    std::printf("%.*s\n\nUsage: quire %.*s\n%s\nExamples:\n%.*s", static_cast<int>(command.summary.size()),
                command.summary.data(), static_cast<int>(command.usage.size()), command.usage.data(),
                help.c_str(), static_cast<int>(command.examples.size()), command.examples.data());
    return std::fflush(stdout) == 0 ? kAllWell : kRefused;
  }
  return std::nullopt;
}

std::optional<int> read_command_line(const Command& command, std::span<const SettingGroup> groups,
                                     std::span<const std::string> arguments, std::string& folder,
                                     Given& given) {
  if (auto over = read_flags(command, groups, arguments, given)) return over;
  if (given.positionals.empty())
    return wrong_use(command, "give a model folder: quire " + std::string(command.usage) + ".");
  if (given.positionals.size() > 1)
    return wrong_use(command, "one model folder is enough, got also \"" + given.positionals[1] + "\".");
  folder = given.positionals[0];
  return std::nullopt;
}

}  // namespace quire
