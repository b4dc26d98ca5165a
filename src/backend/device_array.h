// An array in a backend's memory, owned.
#pragma once
#include <cstring>
#include <utility>

#include "backend/backend.h"

namespace quire {

template <class T>
class DeviceArray {
 public:
  DeviceArray() = default;
  DeviceArray(DeviceArray&& other) noexcept { swap(other); }
  DeviceArray& operator=(DeviceArray&& other) noexcept {
    swap(other);
    return *this;
  }
  ~DeviceArray() {
    if (data_) backend_->release(data_);
  }

  // Room for `size` elements at least, zeroed if there was less: what was there is lost. The backend outlives
  // it.
  Status reserve(Backend& backend, size_t size) {
    if (size <= size_) return {};
    Result<void*> memory = backend.allocate(size * sizeof(T));
    if (!memory.ok()) return memory.status();
    DeviceArray fresh;
    fresh.backend_ = &backend;
    fresh.data_ = static_cast<T*>(memory.value());
    fresh.size_ = size;
    swap(fresh);
    return {};
  }

  T* data() const { return data_; }
  size_t size() const { return size_; }

 private:
  void swap(DeviceArray& other) noexcept {
    std::swap(backend_, other.backend_);
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
  }
  Backend* backend_ = nullptr;
  T* data_ = nullptr;
  size_t size_ = 0;
};

}  // namespace quire
