// Memory and its copies: "device" memory is host memory.
#include <cstring>
#include <memory>

#include "backends/host_memory.h"
#include "backends/ref/cache.h"
#include "backends/ref/ref.h"
#include "backends/ref/ref_backend.h"

namespace quire {

std::unique_ptr<Backend> make_ref(const BackendOptions& options) {
  return std::make_unique<ref::RefBackend>(options);
}

namespace ref {

size_t RefBackend::free_memory() const { return free_host_memory(); }
Result<void*> RefBackend::allocate(size_t bytes) { return allocate_host_memory(bytes); }
Result<void*> RefBackend::allocate_host(size_t bytes) { return allocate_host_memory(bytes); }
void RefBackend::release(void* data) { release_host_memory(data); }

void RefBackend::upload(void* device, const void* host, size_t bytes) {
  if (bytes > 0) std::memcpy(device, host, bytes);
}

void RefBackend::download(void* host, const void* device, size_t bytes) {
  if (bytes > 0) std::memcpy(host, device, bytes);
}

void RefBackend::stage(const void* packed, size_t bytes) {
  const char* at = static_cast<const char*>(packed);
  const char* end = at + bytes;
  while (at < end) {
    Patch patch;
    std::memcpy(&patch, at, sizeof patch);
    at += sizeof patch;
    const size_t size = static_cast<size_t>(patch.count) * sizeof(int32_t);
    QUIRE_CHECK(patch.count >= 0 && size <= static_cast<size_t>(end - at));
    if (size > 0) std::memcpy(patch.to, at, size);
    at += size;
  }
}

size_t RefBackend::kv_block_bytes(const KvSpec& spec, int32_t block_size, DType dtype) const {
  if (dtype != DType::kF32 && dtype != DType::kBF16) return 0;
  return static_cast<size_t>(spec.kv_heads) * static_cast<size_t>(spec.k_dim + spec.v_dim) *
         static_cast<size_t>(block_size) * dtype_size(dtype);
}

}  // namespace ref
}  // namespace quire
