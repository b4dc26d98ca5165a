// The OpenAPI document: printed from the tables that requests are read with, so that it says what is true.
#pragma once
#include <string>
#include <string_view>

#include "sched/limits.h"

namespace quire::serve {

std::string openapi_document(std::string_view version, const Limits& limits);

}  // namespace quire::serve
