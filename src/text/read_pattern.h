// What a stage looks for: {"Regex": "..."} or {"String": "..."}, as a function that finds all matches.
#pragma once
#include <functional>
#include <string>
#include <string_view>

#include "base/function_ref.h"
#include "base/json.h"
#include "base/status.h"

namespace quire {

// Calls `to` with each match of a text (UTF-8) from the left, none overlapping; stops at its first problem.
using Matches =
    std::function<Status(std::string_view text, function_ref<Status(size_t begin, size_t end)> to)>;

Result<Matches> read_pattern(const Json* json, const std::string& where);

}  // namespace quire
