// Whose prefixes a request may share: those of its own key and, if it names one, of its own cache_salt.
#pragma once
#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "kv/block_hash.h"

namespace quire::serve {

// The first half of SHA-256 over the process's secret, the number of the key and the client's salt.
Salt salt_of(const std::array<uint64_t, 2>& secret, int32_t key, std::string_view cache_salt);

uint64_t draw_number();   // from the system: seeds
std::string draw_name();  // 32 hexadecimal digits from the system: ids of answers

}  // namespace quire::serve
