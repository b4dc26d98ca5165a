// Bytes spelled in base64 (RFC 4648, section 4), with padding.
#pragma once
#include <optional>
#include <string>
#include <string_view>

namespace quire {

std::optional<std::string> from_base64(std::string_view text);  // none: it is not base64
std::string to_base64(std::string_view bytes);

}  // namespace quire
