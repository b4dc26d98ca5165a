// The version of the program, as the build says it.
#pragma once

namespace quire {

const char* version();  // "0.1.0"

}  // namespace quire
