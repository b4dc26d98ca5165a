// A command of the program as data, and what all commands share: reading their flags, help, messages.
#pragma once
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/settings.h"
#include "base/status.h"

namespace quire {

inline constexpr int kAllWell = 0, kRefused = 1, kWrongUse = 2;  // exit statuses

struct Command {
  std::string_view name;
  std::string_view usage;  // after "quire "
  std::string_view summary;
  std::string_view examples;  // lines
  int (*run)(const Command&, std::span<const std::string> arguments);
};

// In the order of the help.
std::span<const Command> commands();

// Sets what `groups` point to. An exit status: the command is over (help was shown, or the use was wrong).
std::optional<int> read_flags(const Command&, std::span<const SettingGroup> groups,
                              std::span<const std::string> arguments, Given& given);

// The same, and takes the one positional, the model folder.
std::optional<int> read_command_line(const Command&, std::span<const SettingGroup> groups,
                                     std::span<const std::string> arguments, std::string& folder,
                                     Given& given);

// One line on standard error; control characters of strangers do not reach the terminal.
void say(std::string_view message);
int wrong_use(const Command&, std::string_view what);  // says it; kWrongUse
int refused(const Status&);                            // says it; kRefused

}  // namespace quire
