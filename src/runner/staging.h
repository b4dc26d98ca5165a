// Packs what a step changes on the device into one buffer (backend/stage.h).
#pragma once
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

#include "backend/backend.h"
#include "base/status.h"

namespace quire {

class Staging {
 public:
  Staging() = default;
  Staging(const Staging&) = delete;
  ~Staging() {
    if (data_) backend_->release(data_);
  }

  // Room for `patches` patches with `words` int32 in all.
  Status reserve(Backend& backend, size_t patches, size_t words) {
    capacity_ = patches * (sizeof(Patch) + sizeof(int32_t)) + words * sizeof(int32_t);
    Result<void*> memory = backend.allocate_host(capacity_);
    if (!memory.ok()) return memory.status();
    backend_ = &backend;
    data_ = static_cast<std::byte*>(memory.value());
    return {};
  }

  // `words` go to to[0, size); to[size] is overwritten with 0 if the size is odd.
  void put(int32_t* to, std::span<const int32_t> words) {
    if (words.empty()) return;
    const size_t even = (words.size() + 1) / 2 * 2, bytes = sizeof(Patch) + even * sizeof(int32_t);
    QUIRE_CHECK(used_ + bytes <= capacity_);
    const Patch patch{to, static_cast<int64_t>(even)};
    std::memcpy(data_ + used_, &patch, sizeof patch);
    std::memcpy(data_ + used_ + sizeof patch, words.data(), words.size_bytes());
    if (even > words.size()) std::memset(data_ + used_ + bytes - sizeof(int32_t), 0, sizeof(int32_t));
    used_ += bytes;
  }

  void flush() {
    backend_->stage(data_, used_);
    used_ = 0;
  }

 private:
  Backend* backend_ = nullptr;
  std::byte* data_ = nullptr;
  size_t capacity_ = 0, used_ = 0;
};

}  // namespace quire
