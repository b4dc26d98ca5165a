#include "cli/version.h"

namespace quire {

const char* version() { return QUIRE_VERSION; }

}  // namespace quire
