// Numbers as people write them: 4GiB, 32k, 25.6k.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace quire {

// As vllm serve reads them: k, m, g, t count in thousands and may follow a fraction, K, M, G, T count in
// 1024s; KiB and MB and the like mean what they say. Nothing if it is no such number or not a whole one.
std::optional<int64_t> parse_human_size(std::string_view text);

std::string human_bytes(int64_t bytes);  // "3.2 GiB"

}  // namespace quire
