// Numbers as HF tokenizers reads them. Its JSON reader (serde_json without `float_roundtrip`) is a unit in
// the last place off now and then, and where two spellings of a word have equal scores that decides between
// them.
#pragma once
#include <optional>
#include <string_view>

namespace quire {

// `text` is a JSON number. Nothing if it is too large for a double.
std::optional<double> rust_number(std::string_view text);

}  // namespace quire
