// The backend of every x86-64 processor: kernels chosen at run time by what the machine has.
#pragma once
#include <memory>

#include "backend/backend.h"

namespace quire {

// Refuses a cpu_isa that is unknown or not supported here.
Result<std::unique_ptr<Backend>> make_cpu(const BackendOptions& options);

}  // namespace quire
