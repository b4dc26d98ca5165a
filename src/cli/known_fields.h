// The fields of the OpenAI and vLLM APIs that a batch line may carry beside those that `generate` reads.
#pragma once
#include <string_view>

#include "base/json.h"
#include "serve/generation/refusal.h"

namespace quire {

// Is `name` a field of those APIs that generate does not read? Then `refusal` says so if its value, in this
// line, would change the answer; otherwise the field may be passed over in silence.
bool is_known_field(std::string_view name, const Json& value, const Json& line, Refusal& refusal);

}  // namespace quire
