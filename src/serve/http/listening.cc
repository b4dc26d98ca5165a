#include "serve/http/listening.h"

#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <memory>
#include <system_error>

namespace quire::serve {
namespace {

Status refuse(std::string message) { return {Code::kInvalidArgument, std::move(message)}; }
std::string why() { return std::generic_category().message(errno); }

constexpr int kBacklog = 1024;

int open_socket(int family) { return socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0); }

bool is_loopback(const sockaddr* a) {
  if (a->sa_family == AF_INET)
    return (ntohl(reinterpret_cast<const sockaddr_in*>(a)->sin_addr.s_addr) >> 24) == 127;
  return a->sa_family == AF_INET6 &&
         IN6_IS_ADDR_LOOPBACK(&reinterpret_cast<const sockaddr_in6*>(a)->sin6_addr);
}

void set_port(sockaddr* a, int32_t port) {
  const in_port_t p = htons(static_cast<uint16_t>(port));
  if (a->sa_family == AF_INET) reinterpret_cast<sockaddr_in*>(a)->sin_port = p;
  else reinterpret_cast<sockaddr_in6*>(a)->sin6_port = p;
}

int32_t port_of(int fd) {
  sockaddr_storage a{};
  socklen_t size = sizeof a;
  if (getsockname(fd, reinterpret_cast<sockaddr*>(&a), &size) != 0) return 0;
  return ntohs(a.ss_family == AF_INET ? reinterpret_cast<sockaddr_in*>(&a)->sin_port
                                      : reinterpret_cast<sockaddr_in6*>(&a)->sin6_port);
}

}  // namespace

Listening::Listening(Listening&& from) noexcept
    : sockets_(std::exchange(from.sockets_, {})),
      address_(std::move(from.address_)),
      path_(std::exchange(from.path_, {})),
      port_(from.port_),
      local_(from.local_),
      device_(from.device_),
      inode_(from.inode_) {}

Listening::~Listening() {
  for (int s : sockets_) close(s);
  struct stat now{};
  if (!path_.empty() && lstat(path_.c_str(), &now) == 0 && now.st_dev == device_ && now.st_ino == inode_)
    unlink(path_.c_str());
}

Result<Listening> Listening::on_host(const std::string& host, int32_t port) {
  addrinfo hints{}, *found = nullptr;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE;
  if (const int e = getaddrinfo(host.c_str(), nullptr, &hints, &found); e != 0)
    return refuse("the host \"" + host + "\" is not known (" + gai_strerror(e) +
                  "); give an address such as 127.0.0.1.");
  const std::unique_ptr<addrinfo, void (*)(addrinfo*)> addresses(found, freeaddrinfo);
  Listening l;
  l.port_ = port;
  std::string problem;
  for (const addrinfo* a = found; a; a = a->ai_next) {
    const int fd = open_socket(a->ai_family);
    if (fd < 0) {
      problem = why();  // a machine without IPv6, say
      continue;
    }
    const int on = 1, off = 0;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    // "::" means both families, as with others; every other address is only itself.
    if (a->ai_family == AF_INET6) setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off);
    set_port(a->ai_addr, l.port_);
    if (bind(fd, a->ai_addr, a->ai_addrlen) != 0 || listen(fd, kBacklog) != 0) {
      problem = why();
      close(fd);
      if (errno == EADDRNOTAVAIL && a->ai_next) continue;  // "localhost" where ::1 is not there
      break;
    }
    l.sockets_.push_back(fd);
    l.port_ = port_of(fd);
    l.local_ = l.local_ && is_loopback(a->ai_addr);
    problem.clear();
  }
  if (!problem.empty() &&
      (l.sockets_.empty() || found->ai_next == nullptr || problem != "Cannot assign requested address"))
    return refuse("cannot listen on " + host + " port " + std::to_string(port) + ": " + problem +
                  ". Choose another --host or --port; 0 lets the system choose a port.");
  l.address_ =
      (host.find(':') == std::string::npos ? host : '[' + host + ']') + ':' + std::to_string(l.port_);
  return l;
}

Result<Listening> Listening::on_unix(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.empty() || path.size() >= sizeof address.sun_path)
    return refuse("the path of a Unix socket has 1 to " + std::to_string(sizeof address.sun_path - 1) +
                  " bytes; \"" + path + "\" has " + std::to_string(path.size()) + '.');
  std::memcpy(address.sun_path, path.data(), path.size());
  const auto* as_address = reinterpret_cast<const sockaddr*>(&address);
  struct stat there{};
  if (lstat(path.c_str(), &there) == 0) {
    if (!S_ISSOCK(there.st_mode))
      return refuse(path + " exists and is no socket; remove it, or give another --uds.");
    const int probe = open_socket(AF_UNIX);
    const bool dead = probe >= 0 && connect(probe, as_address, sizeof address) != 0 && errno == ECONNREFUSED;
    if (probe >= 0) close(probe);
    if (!dead)
      return refuse("somebody listens on " + path +
                    " already, or it is not ours to ask; give another --uds.");
    if (unlink(path.c_str()) != 0)
      return refuse("the old socket " + path + " cannot be removed: " + why() + '.');
  }
  Listening l;
  const int fd = open_socket(AF_UNIX);
  if (fd < 0) return refuse("a Unix socket cannot be made: " + why() + '.');
  l.sockets_.push_back(fd);
  const mode_t mask = umask(0077);  // who may connect is who may write to the file: its owner
  const bool bound = bind(fd, as_address, sizeof address) == 0 && listen(fd, kBacklog) == 0;
  const std::string problem = why();
  umask(mask);
  if (!bound) return refuse("cannot listen on " + path + ": " + problem + '.');
  if (lstat(path.c_str(), &there) == 0) {
    l.device_ = there.st_dev;
    l.inode_ = there.st_ino;
    l.path_ = path;
  }
  l.address_ = path;
  return l;
}

}  // namespace quire::serve
