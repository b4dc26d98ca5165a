// A temporary folder that a test fills and that is gone, with all that is in it, at the end.
#pragma once
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

#include "base/status.h"

namespace quire {

class ScratchFolder {
 public:
  ScratchFolder() : path_((std::filesystem::temp_directory_path() / "quire_test_").string() + "XXXXXX") {
    QUIRE_CHECK(mkdtemp(path_.data()) != nullptr);
  }
  ~ScratchFolder() { std::filesystem::remove_all(path_); }
  ScratchFolder(const ScratchFolder&) = delete;
  ScratchFolder& operator=(const ScratchFolder&) = delete;

  const std::string& path() const { return path_; }
  std::string file(std::string_view name) const { return path_ + '/' + std::string(name); }
  // The file's path. Folders on the way are made.
  std::string write(std::string_view name, std::string_view bytes) const {
    const std::string to = file(name);
    std::filesystem::create_directories(std::filesystem::path(to).parent_path());
    std::ofstream(to, std::ios::binary) << bytes;
    return to;
  }

 private:
  std::string path_;
};

}  // namespace quire
