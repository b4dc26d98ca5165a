#include "serve/http/io_thread.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cerrno>
#include <list>
#include <memory>
#include <thread>
#include <utility>
#include <vector>

#include "serve/http/connection.h"
#include "serve/http/response.h"

namespace quire::serve {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;

// Without a look at the request: there is no place for one.
void turn_away(int socket, bool tls) {
  if (!tls) {
    const std::string body =
        error_body(503, "the server has as many connections as it may; try again.", error_type_of(503));
    const std::string answer = response_head(503, {{"Content-Type", "application/json"},
                                                   {"Content-Length", std::to_string(body.size())},
                                                   {"Retry-After", "1"},
                                                   {"Connection", "close"}}) +
                               "\r\n" + body;
    (void)!send(socket, answer.data(), answer.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    shutdown(socket, SHUT_WR);
  }
  ::close(socket);
}

struct Listening {
  Listening(asio::io_context& context, int fd) : descriptor(context, fd), retry(context) {}
  asio::posix::stream_descriptor descriptor;
  asio::steady_timer retry;
  std::function<void(int)> take;
};

void accept_more(const std::shared_ptr<Listening>& l) {
  l->descriptor.async_wait(asio::posix::stream_descriptor::wait_read, [l](error_code error) {
    if (error) return;
    for (int n = 0; n < 64; ++n) {  // then others have their turn
      const int socket =
          accept4(l->descriptor.native_handle(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
      if (socket >= 0) {
        l->take(socket);
      } else if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
        l->retry.expires_after(std::chrono::milliseconds(100));  // until somebody has closed something
        l->retry.async_wait([l](error_code e) {
          if (!e) accept_more(l);
        });
        return;
      } else if (errno != EINTR && errno != ECONNABORTED) {
        break;
      }
    }
    accept_more(l);
  });
}

}  // namespace

struct IoThread::Loop {
  Loop(Site& site, int32_t most)
      : most_connections(most),
        context(std::make_shared<asio::io_context>(1)),
        home{context, site, {}, {}},
        work(asio::make_work_guard(*context)) {
    thread = std::thread([this] { context->run(); });
  }

  void adopt(int socket) {
    if (stopped || static_cast<int32_t>(home.all.size()) >= most_connections) {
      if (stopped || home.waiting.empty()) return turn_away(socket, home.site.tls != nullptr);
      home.waiting.front()->close();
    }
    sockaddr_storage address{};
    socklen_t length = sizeof address;
    getsockname(socket, reinterpret_cast<sockaddr*>(&address), &length);
    if (address.ss_family != AF_UNIX) {
      const int on = 1;
      setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);  // a token should not wait for the next
    }
    if (const int32_t size = home.site.limits.send_buffer; size > 0)
      setsockopt(socket, SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
    Connection::Socket s(*context);
    error_code error;
    s.assign({address.ss_family, 0}, socket, error);
    if (error) {
      ::close(socket);
      return;
    }
    const auto c = std::make_shared<Connection>(home, std::move(s));
    c->place_ = home.all.insert(home.all.end(), c);
    c->start();
  }

  template <class Call>
  void for_all(Call call) {
    const std::vector<std::shared_ptr<Connection>> all(home.all.begin(), home.all.end());
    for (const auto& c : all) call(*c);
  }

  const int32_t most_connections;
  std::shared_ptr<asio::io_context> context;
  Connection::Home home;
  asio::executor_work_guard<asio::io_context::executor_type> work;
  std::vector<std::weak_ptr<Listening>> listening;
  std::list<std::unique_ptr<asio::steady_timer>> timers;
  bool stopped = false;
  std::thread thread;
};

IoThread::IoThread(Site& site, int32_t most_connections)
    : loop_(std::make_unique<Loop>(site, most_connections)) {}

IoThread::~IoThread() {
  stop();
  loop_->thread.join();
}

void IoThread::adopt(int socket) {
  asio::post(*loop_->context, [l = loop_.get(), socket] { l->adopt(socket); });
}

void IoThread::accept_from(int listener, std::function<void(int socket)> take) {
  asio::post(*loop_->context, [l = loop_.get(), listener, take = std::move(take)]() mutable {
    const auto listening = std::make_shared<Listening>(*l->context, listener);
    listening->take = std::move(take);
    l->listening.push_back(listening);
    accept_more(listening);
  });
}

void IoThread::drain() {
  asio::post(*loop_->context, [l = loop_.get()] { l->for_all([](Connection& c) { c.drain(); }); });
}

void IoThread::give_up(const std::string& why) {
  asio::post(*loop_->context, [l = loop_.get(), why] { l->for_all([&](Connection& c) { c.give_up(why); }); });
}

void IoThread::after(std::chrono::milliseconds delay, std::function<void()> call) {
  asio::post(*loop_->context, [l = loop_.get(), delay, call = std::move(call)] {
    if (l->stopped) return;
    l->timers.push_back(std::make_unique<asio::steady_timer>(*l->context, delay));
    l->timers.back()->async_wait([call](error_code error) {
      if (!error) call();
    });
  });
}

void IoThread::stop() {
  asio::post(*loop_->context, [l = loop_.get()] {
    if (std::exchange(l->stopped, true)) return;
    for (const auto& weak : l->listening)
      if (const auto listening = weak.lock()) {
        listening->descriptor.close();
        listening->retry.cancel();
      }
    for (const auto& t : l->timers) t->cancel();
    l->for_all([](Connection& c) { c.close(); });
    l->work.reset();
  });
}

}  // namespace quire::serve
