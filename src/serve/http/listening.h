// The sockets that a server listens on: TCP on a name or an address, or a Unix socket.
#pragma once
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "base/status.h"

namespace quire::serve {

class Listening {
 public:
  // Every address that `host` stands for; port 0: the system chooses one, the same for all.
  static Result<Listening> on_host(const std::string& host, int32_t port);
  // A socket file that nobody listens on any more is replaced; everything else at `path` is left alone.
  static Result<Listening> on_unix(const std::string& path);

  Listening(Listening&& from) noexcept;
  Listening& operator=(Listening&&) = delete;
  ~Listening();  // closes what was not taken; removes the socket file, if it still is this one

  const std::string& address() const { return address_; }  // "http://127.0.0.1:8000", "unix:/run/q.sock"
  int32_t port() const { return port_; }                   // 0 of a Unix socket
  bool only_this_machine() const { return local_; }        // loopback or Unix
  bool is_unix() const { return !path_.empty(); }
  // Not blocking; the caller closes them.
  std::vector<int> take() { return std::exchange(sockets_, {}); }

 private:
  Listening() = default;
  std::vector<int> sockets_;
  std::string address_, path_;
  int32_t port_ = 0;
  bool local_ = true;
  uint64_t device_ = 0, inode_ = 0;  // of the socket file
};

}  // namespace quire::serve
