// A part of a file as read-only memory whose bytes may leave the file while others read them.
#pragma once
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace quire {

class CachedWeights {
 public:
  // Maps [begin, begin + bytes) of the file, begin being a multiple of a page; null if that cannot be. The
  // file must be at least so long (mapped_file.h says what happens otherwise).
  static std::unique_ptr<CachedWeights> map(const std::string& path, size_t begin, size_t bytes);
  CachedWeights(const CachedWeights&) = delete;
  CachedWeights& operator=(const CachedWeights&) = delete;
  ~CachedWeights();

  // At an address that stays as long as the object lives.
  std::span<const std::byte> bytes() const { return {data_, bytes_}; }

  // What of it is a piece of memory to those who use it, in their order.
  void add_piece(size_t offset, size_t bytes) { pieces_.push_back(this->bytes().subspan(offset, bytes)); }
  size_t pieces() const { return pieces_.size(); }
  std::span<const std::byte> piece(size_t i) const { return pieces_[i]; }

  // Copies the file to huge pages of memory, under the same addresses, while others read them: reading is
  // faster there, and the file may then change or go. Comes back early when `stop` is set or memory is short.
  void move_to_memory(const std::atomic<bool>& stop);

 private:
  CachedWeights() = default;
  void* reserved_ = nullptr;  // addresses around the mapping
  size_t reserved_bytes_ = 0;
  std::byte* data_ = nullptr;  // at a multiple of a huge page
  size_t bytes_ = 0;
  std::vector<std::span<const std::byte>> pieces_;
};

}  // namespace quire
