// Memory, which is the host's, and the backend's own.
#include <algorithm>
#include <cstring>

#include "backends/cpu/cpu.h"
#include "backends/cpu/cpu_backend.h"
#include "backends/host_memory.h"
#include "base/cores.h"

namespace quire {

Result<std::unique_ptr<Backend>> make_cpu(const BackendOptions& options) {
  const Result<const cpu::Level*> level = cpu::find_level(options.cpu_isa);
  if (!level.ok()) return level.status();
  const int32_t threads = options.threads > 0 ? options.threads : usable_cores();
  return std::unique_ptr<Backend>(std::make_unique<cpu::CpuBackend>(*level.value(), threads));
}

namespace cpu {

namespace {

// Threads that have all cores of the process stay each on its own. Fewer threads do not: those of two
// processes would meet on the same ones.
std::vector<int32_t> cores_for(int32_t threads) {
  std::vector<int32_t> cores = allowed_cores();
  if (threads == 1 || cores.size() != static_cast<size_t>(threads)) cores.clear();
  return cores;
}

}  // namespace

CpuBackend::CpuBackend(const Level& level, int32_t threads)
    : k_(*level.kernels), cores_(cores_for(threads)), pool_(threads, cores_) {
  lines_.resize(static_cast<size_t>(pool_.threads()));
  reserve_scratch(kProductScratch);
}

CpuBackend::~CpuBackend() { release_host_memory(scratch_); }

void CpuBackend::enter() {
  if (!cores_.empty()) stay_on_core(cores_[0]);
}

void CpuBackend::share(int32_t tiles, int64_t work, ThreadPool::Body body) {
  constexpr int64_t kWorthIt = 1 << 17;  // some microseconds; meeting another thread takes about one
  if (work >= kWorthIt) return pool_.run(tiles, body);
  for (int32_t tile = 0; tile < tiles; ++tile) body(tile, 0);
}

void CpuBackend::reserve_scratch(int64_t floats) {
  if (floats <= scratch_floats_) return;
  release_host_memory(scratch_);
  scratch_floats_ = (floats + 15) / 16 * 16;  // whole cache lines
  const Result<void*> data =
      allocate_host_memory(static_cast<size_t>(scratch_floats_ * pool_.threads()) * sizeof(float));
  QUIRE_CHECK(data.ok());  // some hundred kilobytes a thread
  scratch_ = static_cast<float*>(data.value());
}

size_t CpuBackend::free_memory() const { return free_host_memory(); }
Result<void*> CpuBackend::allocate(size_t bytes) { return allocate_host_memory(bytes); }
Result<void*> CpuBackend::allocate_host(size_t bytes) { return allocate_host_memory(bytes); }
void CpuBackend::release(void* data) { release_host_memory(data); }

void CpuBackend::upload(void* device, const void* host, size_t bytes) {
  if (bytes > 0) std::memcpy(device, host, bytes);
}

void CpuBackend::download(void* host, const void* device, size_t bytes) {
  if (bytes > 0) std::memcpy(host, device, bytes);
}

void CpuBackend::stage(const void* packed, size_t bytes) {
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

}  // namespace cpu
}  // namespace quire
