// Memory for backends that compute on the host. Any thread may call.
#pragma once
#include <cstddef>
#include <string>

#include "base/status.h"

namespace quire {

// Zeroed and aligned: to 64 bytes, and large ones to 2 MiB, with huge pages if the system gives them. Large
// ones (over 1 MiB) take real memory only when they are touched, so that whoever touches a page first decides
// where it lies. Asking for more than free_host_memory() is refused with both numbers. 0 bytes are a pointer
// too.
Result<void*> allocate_host_memory(size_t bytes);
void release_host_memory(void* data);  // null is nothing

// Bytes that this process could still take without swapping, about: what the kernel calls available, within
// the limits of every control group (v2 and v1) around the process; file pages count as free, since they can
// be dropped. `root` is where proc and sys stand: tests have their own.
size_t free_host_memory(const std::string& root = "/");

}  // namespace quire
