#include "serve/http/server.h"

#include <algorithm>
#include <atomic>
#include <utility>

#include "serve/http/io_thread.h"
#include "serve/http/listening.h"
#include "serve/http/site.h"

namespace quire::serve {
namespace {

Status refuse(std::string message) { return {Code::kInvalidArgument, std::move(message)}; }

Status check(const ServerOptions& o, const Listening& listening) {
  if (!listening.only_this_machine() && !o.keys.any() && !o.insecure)
    return refuse(
        "--host " + o.host +
        " lets every machine of the network use the model: give --api-key or --api-key-file, or --insecure "
        "if that is what you want.");
  if (o.origins.credentials && std::ranges::count(o.origins.origins, "*") > 0)
    return refuse(
        "--allow-credentials needs --allowed-origins by name; browsers refuse it together with \"*\".");
  return {};
}

}  // namespace

struct Server::Parts {
  explicit Parts(Listening l) : listening(std::move(l)) {}

  void finish(bool all_done) {
    if (!done || finished.exchange(true)) return;
    done(all_done);
  }

  Listening listening;
  std::string url;
  Site site;
  std::atomic<bool> finished{false};
  std::function<void(bool)> done;
  std::atomic<size_t> next{0};
  std::vector<std::unique_ptr<IoThread>> threads;  // the first accepts; last, so that they end first
};

Server::Server(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
Server::~Server() = default;

Result<std::unique_ptr<Server>> Server::start(ServerOptions o, std::vector<Route> routes) {
  if (o.tls_certificate.empty() != o.tls_key.empty())
    return refuse("TLS needs both --ssl-certfile and --ssl-keyfile; one is missing.");
  TlsContext tls;
  if (!o.tls_certificate.empty()) {
    Result<TlsContext> read = read_tls(o.tls_certificate, o.tls_key);
    if (!read.ok()) return read.status();
    tls = std::move(read).value();
  }
  Result<Listening> listening =
      o.uds.empty() ? Listening::on_host(o.host, o.port) : Listening::on_unix(o.uds);
  if (!listening.ok()) return listening.status();
  if (Status s = check(o, listening.value()); !s.ok()) return s;

  auto parts = std::make_unique<Parts>(std::move(listening).value());
  Parts& p = *parts;
  p.url = p.listening.is_unix() ? "unix:" + p.listening.address()
                                : (tls ? "https://" : "http://") + p.listening.address();
  p.site.limits = o.limits;
  p.site.origins = std::move(o.origins);
  // A page of a stranger that finds this server under its own name (DNS rebinding) would be let in by nobody
  // but a server that needs no key; one that is open to the network on purpose has names that we cannot know.
  p.site.origins.only_local_names =
      !p.listening.is_unix() && p.listening.only_this_machine() && !o.keys.any();
  p.site.keys = std::move(o.keys);
  p.site.tls = std::move(tls);
  p.site.not_ready = std::move(o.not_ready);
  p.site.on_answer = std::move(o.on_answer);
  p.site.on_quiet = [&p] { p.finish(true); };
  p.site.set_router(std::make_shared<Router>(std::move(routes)));
  const int32_t threads = std::max(1, o.io_threads);
  for (int32_t i = 0; i < threads; ++i)
    p.threads.push_back(
        std::make_unique<IoThread>(p.site, std::max(1, (o.limits.connections + threads - 1) / threads)));
  for (int socket : p.listening.take())
    p.threads[0]->accept_from(
        socket, [&p](int connection) { p.threads[p.next++ % p.threads.size()]->adopt(connection); });
  return std::unique_ptr<Server>(new Server(std::move(parts)));
}

void Server::set_routes(std::vector<Route> routes) {
  parts_->site.set_router(std::make_shared<Router>(std::move(routes)));
}

const std::string& Server::url() const { return parts_->url; }
int32_t Server::port() const { return parts_->listening.port(); }
int32_t Server::connections() const { return parts_->site.connections; }

void Server::drain(const Drain& drain, std::function<void(bool)> done) {
  Parts* p = parts_.get();
  // All of it on the accepting thread, in this order.
  p->threads[0]->after(drain.grace, [p, drain, done = std::move(done)]() mutable {
    p->done = std::move(done);
    p->site.refusing = true;
    for (const auto& t : p->threads) t->drain();
    if (p->site.quiet()) p->finish(true);
    p->threads[0]->after(drain.limit, [p, drain] {
      for (const auto& t : p->threads)
        t->give_up("the server is shutting down, and this answer has taken longer than it waits.");
      p->threads[0]->after(drain.farewell, [p] { p->finish(false); });
    });
  });
}

}  // namespace quire::serve
