#include "cli/bench_serve/load_client.h"

#include <sys/resource.h>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/connect.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <chrono>
#include <optional>

#include "cli/bench_serve/answer_stream.h"

namespace quire {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using Tcp = asio::ip::tcp;
using Now = std::chrono::steady_clock;
using Error = boost::system::error_code;

using Stream = beast::tcp_stream;
using TlsStream = asio::ssl::stream<Stream&>;

constexpr auto kPatience = std::chrono::minutes(30);  // for the next byte

double processor_seconds() {
  rusage u{};
  getrusage(RUSAGE_SELF, &u);
  const auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) * 1e-6;
  };
  return seconds(u.ru_utime) + seconds(u.ru_stime);
}

// Each open request is a descriptor.
void allow_many_files() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

http::request<http::string_body> request_for(const LoadTarget& target, http::verb verb, std::string body) {
  http::request<http::string_body> r{verb, target.path, 11, std::move(body)};
  r.set(http::field::host, target.host + ":" + target.port);
  r.set(http::field::user_agent, "quire-bench");
  for (const auto& [name, value] : target.headers) r.set(name, value);
  if (verb == http::verb::post) r.set(http::field::content_type, "application/json");
  r.prepare_payload();
  return r;
}

asio::ssl::context trusting_context() {
  asio::ssl::context context(asio::ssl::context::tls_client);
  Error ignored;  // without any, no server is trusted, and that is said when one is met
  context.set_default_verify_paths(ignored);
  context.set_verify_mode(asio::ssl::verify_peer);
  return context;
}
// For a stream that is connected to the target.
void name_server(TlsStream& tls, const LoadTarget& target) {
  tls.set_verify_callback(asio::ssl::host_name_verification(target.host));
  SSL_set_tlsext_host_name(tls.native_handle(), target.host.c_str());
}

class Load {
 public:
  Load(const LoadTarget& target, std::span<const std::string> bodies, std::span<const double> starts,
       bool keep_text, const std::function<void(double)>& progress)
      : target_(target), bodies_(bodies), starts_(starts), keep_text_(keep_text), progress_(progress) {
    run_.answers.resize(bodies.size());
  }

  Result<LoadRun> run(int32_t most_open) {
    Error error;
    endpoints_ = Tcp::resolver(io_).resolve(target_.host, target_.port, error);
    if (error)
      return Status(Code::kNotFound, "the host " + target_.host + " is not known: " + error.message() + ".");
    allow_many_files();
    const double before = processor_seconds();
    begin_ = Now::now();
    const size_t workers = std::min(static_cast<size_t>(most_open), bodies_.size());
    for (size_t i = 0; i < workers; ++i) asio::co_spawn(io_, work(), asio::detached);
    io_.run();
    run_.processor_seconds = processor_seconds() - before;
    return std::move(run_);
  }

 private:
  struct Connection {
    std::optional<Stream> stream;  // none: not connected
    std::optional<TlsStream> tls;  // over it
    beast::flat_buffer buffer;
  };

  double now() const { return std::chrono::duration<double>(Now::now() - begin_).count(); }

  // Takes one request after the other, over one connection as long as that lasts.
  asio::awaitable<void> work() {
    Connection connection;
    asio::steady_timer timer(io_);
    while (next_ < bodies_.size()) {
      const size_t i = next_++;
      timer.expires_at(begin_ +
                       std::chrono::duration_cast<Now::duration>(std::chrono::duration<double>(starts_[i])));
      Error ignored;
      co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
      run_.most_open = std::max(run_.most_open, ++open_);
      LoadAnswer& answer = run_.answers[i];
      const bool used = connection.stream.has_value();
      bool heard = co_await ask(i, connection, answer);
      if (!heard && used) {  // the server had closed the connection meanwhile: no request was lost
        answer = {};
        heard = co_await ask(i, connection, answer);
      }
      --open_;
      run_.seconds = now();
      if (progress_) progress_(static_cast<double>(++done_) / static_cast<double>(bodies_.size()));
    }
  }

  // False: nothing came back at all.
  asio::awaitable<bool> ask(size_t i, Connection& c, LoadAnswer& answer) {
    Error error;
    const auto noted = [&error] { return asio::redirect_error(asio::use_awaitable, error); };
    answer.sent = now();
    if (!c.stream) {
      c.stream.emplace(io_);
      c.buffer.clear();
      c.stream->expires_after(kPatience);
      co_await c.stream->async_connect(endpoints_, noted());
      if (!error) c.stream->socket().set_option(Tcp::no_delay(true), error);
      if (!error && target_.tls) {
        name_server(c.tls.emplace(*c.stream, trust_), target_);
        co_await c.tls->async_handshake(TlsStream::client, noted());
      }
    }
    const auto request = request_for(target_, http::verb::post, bodies_[i]);
    if (!error && c.tls) co_await http::async_write(*c.tls, request, noted());
    else if (!error) co_await http::async_write(*c.stream, request, noted());
    http::response_parser<http::string_body> parser;
    parser.body_limit(boost::none);
    AnswerStream stream(keep_text_);
    std::string body;  // of an error
    bool heard = false;
    while (!error && !parser.is_done()) {
      c.stream->expires_after(kPatience);
      if (c.tls) co_await http::async_read_some(*c.tls, c.buffer, parser, noted());
      else co_await http::async_read_some(*c.stream, c.buffer, parser, noted());
      if (!parser.is_header_done()) continue;
      heard = true;
      take(parser.get(), stream, body, answer);
      parser.get().body().clear();
    }
    finish(parser, stream, body, error, answer);
    if (error || !parser.is_done() || !parser.get().keep_alive()) c.tls.reset(), c.stream.reset();
    co_return heard;
  }

  void take(const http::response<http::string_body>& part, AnswerStream& stream, std::string& body,
            LoadAnswer& answer) const {
    if (part.result() != http::status::ok) {
      if (body.size() < 4096) body += part.body();
      return;
    }
    const int32_t pieces = stream.feed(part.body());
    answer.arrivals.insert(answer.arrivals.end(), static_cast<size_t>(pieces), now());
  }

  void finish(const http::response_parser<http::string_body>& parser, const AnswerStream& stream,
              const std::string& body, const Error& error, LoadAnswer& answer) const {
    answer.prompt_tokens = stream.prompt_tokens();
    answer.output_tokens = stream.output_tokens();
    answer.text = stream.text();
    if (error) answer.error = error.message();
    else if (parser.get().result() != http::status::ok)
      answer.error = std::to_string(parser.get().result_int()) + ": " + error_in(body);
    else if (!stream.error().empty()) answer.error = stream.error();
    else if (!stream.done()) answer.error = "the stream ended without [DONE]";
    else if (!stream.begun()) answer.error = "the answer has no choice";
    else if (answer.arrivals.empty()) answer.arrivals.push_back(now());  // tokens without any text
  }

  const LoadTarget& target_;
  std::span<const std::string> bodies_;
  std::span<const double> starts_;
  const bool keep_text_;
  const std::function<void(double)>& progress_;
  asio::io_context io_{1};
  asio::ssl::context trust_ = trusting_context();
  Tcp::resolver::results_type endpoints_;
  Now::time_point begin_;
  LoadRun run_{};
  size_t next_ = 0, done_ = 0;
  int32_t open_ = 0;
};

}  // namespace

Result<LoadTarget> parse_target(const std::string& base_url, const std::string& path) {
  const auto refuse = [&](const char* why) {
    return Status(Code::kInvalidArgument,
                  "--base-url \"" + base_url + "\" " + why + "; give one such as http://127.0.0.1:8000.");
  };
  LoadTarget target;
  target.tls = base_url.starts_with("https://");
  target.port = target.tls ? "443" : "80";
  const std::string_view scheme = target.tls ? "https://" : "http://";
  if (!base_url.starts_with(scheme)) return refuse("does not begin with http:// or https://");
  const size_t slash = std::min(base_url.find('/', scheme.size()), base_url.size());
  std::string_view at = std::string_view(base_url).substr(scheme.size(), slash - scheme.size());
  const size_t colon = at.rfind(':');
  if (colon != std::string_view::npos && at.find(']', colon) == std::string_view::npos) {
    target.port = at.substr(colon + 1);
    at = at.substr(0, colon);
  }
  if (at.starts_with('[') && at.ends_with(']')) at = at.substr(1, at.size() - 2);
  target.host = at;
  if (target.host.empty() || target.port.empty() ||
      target.port.find_first_not_of("0123456789") != std::string::npos)
    return refuse("has no host, or a port that is no number");
  std::string base = base_url.substr(slash);
  while (base.ends_with('/')) base.pop_back();
  target.path = base + path;
  return target;
}

Result<LoadRun> run_load(const LoadTarget& target, std::span<const std::string> bodies,
                         std::span<const double> starts, int32_t most_open, bool keep_text,
                         const std::function<void(double)>& progress) {
  QUIRE_CHECK(bodies.size() == starts.size() && most_open > 0);
  return Load(target, bodies, starts, keep_text, progress).run(most_open);
}

Result<std::string> http_get(const LoadTarget& target) {
  const std::string where =
      (target.tls ? "https://" : "http://") + target.host + ":" + target.port + target.path;
  asio::io_context io;
  Error error;
  const auto endpoints = Tcp::resolver(io).resolve(target.host, target.port, error);
  Stream stream(io);
  asio::ssl::context trust = trusting_context();
  std::optional<TlsStream> tls;
  if (!error) stream.connect(endpoints, error);
  if (!error && target.tls) {
    name_server(tls.emplace(stream, trust), target);
    tls->handshake(TlsStream::client, error);
  }
  const auto request = request_for(target, http::verb::get, "");
  beast::flat_buffer buffer;
  http::response<http::string_body> response;
  const auto exchange = [&](auto& over) {
    http::write(over, request, error);
    if (!error) http::read(over, buffer, response, error);
  };
  if (!error && tls) exchange(*tls);
  else if (!error) exchange(stream);
  if (error) return Status(Code::kNotFound, where + " does not answer: " + error.message() + ".");
  if (response.result() != http::status::ok)
    return Status(Code::kInvalidArgument, where + " answers " + std::to_string(response.result_int()) + ": " +
                                              error_in(response.body()));
  return std::move(response.body());
}

}  // namespace quire
