// A setting is declared once, as data: its name, the variable it sets (whose value beforehand is the
// default), what it may be, and one sentence. Flags, environment, config file and help all come from that
// declaration.
#pragma once
#include <cstdint>
#include <functional>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/status.h"

namespace quire {

// A bool is a switch: --name and --no-name. A vector is a flag that may be repeated. An optional stays empty
// if nobody sets it.
using SettingTarget =
    std::variant<bool*, int32_t*, uint64_t*, std::string*, std::optional<bool>*, std::optional<int64_t>*,
                 std::optional<double>*, std::optional<std::string>*, std::vector<std::string>*>;

struct Setting {
  std::string_view name;  // "max-num-seqs": --max-num-seqs, QUIRE_MAX_NUM_SEQS, a key of the config file
  SettingTarget target;   // lives as long as the settings
  std::string_view sentence;
  std::string_view value{};    // how help calls the value: "N", "FILE"
  std::string_view choices{};  // "auto|cpu|ref": nothing else is allowed
  double least = -std::numeric_limits<double>::infinity();
  double most = std::numeric_limits<double>::infinity();
  // More than a range can say. Ok, or what is allowed: "must be a power of two".
  Status (*check)(int64_t value) = nullptr;
  bool inline_only = false;  // a flag only: neither environment nor config file
};

struct SettingGroup {
  std::string_view title;
  std::vector<Setting> settings;
};

struct Given {
  std::vector<std::string> positionals;
  bool help = false;                                      // --help or -h: nothing else was read
  std::vector<std::pair<std::string, std::string>> used;  // name and value of what somebody set, flags last
};

using Environment = std::function<const char*(const char* name)>;

// Sets the targets: first from the file that --config names, then from the environment, then from
// `arguments`. Errors are one sentence: what was found, what is allowed. Names may be spelt with "_" for "-".
Result<Given> read_settings(std::span<const SettingGroup> groups, std::span<const std::string> arguments,
                            const Environment& environment);

// The part of --help that lists the settings; call before read_settings, which changes the defaults.
std::string describe_settings(std::span<const SettingGroup> groups);

}  // namespace quire
