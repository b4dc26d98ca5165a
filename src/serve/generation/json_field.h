// Reads one JSON value of a stranger as a number, a switch or a list. Each function returns what is wrong as
// a sentence that begins with the field's name and quotes the value, or an empty string; then `to` is set.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"

namespace quire {

// The member, unless it is absent or null.
const Json* find_set(const Json& object, std::string_view key);

std::string shown(const Json& value);  // as written, cut after some 60 bytes

// `rule` says what is wrong with a value below `least`: "must be at least 1".
std::string read_whole(std::string_view name, const Json& value, int64_t least, int64_t most,
                       std::string_view rule, int64_t& to);
std::string read_whole(std::string_view name, const Json& value, int32_t least, std::string_view rule,
                       int32_t& to);
// `rule` says what holds for a number in [least, most]; with `open`, `least` itself is not allowed.
std::string read_real(std::string_view name, const Json& value, double least, bool open, double most,
                      std::string_view rule, float& to);
std::string read_switch(std::string_view name, const Json& value, bool& to);
// Integers that fit 32 bits and are not negative.
std::string read_ids(std::string_view name, const Json& value, std::vector<int32_t>& to);

}  // namespace quire
