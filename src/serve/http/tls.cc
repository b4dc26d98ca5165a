#include "serve/http/tls.h"

#include <openssl/ssl.h>

#include <algorithm>
#include <boost/asio/ssl/context.hpp>
#include <fstream>
#include <string_view>

namespace quire::serve {
namespace {

namespace ssl = boost::asio::ssl;

Status refuse(std::string message) { return {Code::kInvalidArgument, std::move(message)}; }

// Of what a client offers, http/1.1; a client that offers something else only goes on without.
int choose_protocol(SSL*, const unsigned char** out, unsigned char* out_size, const unsigned char* in,
                    unsigned in_size, void*) {
  constexpr std::string_view kHttp = "http/1.1";
  for (unsigned at = 0; at < in_size; at += 1U + in[at]) {
    if (in_size - at - 1 < in[at]) break;
    if (std::string_view(reinterpret_cast<const char*>(in) + at + 1, in[at]) != kHttp) continue;
    *out = in + at + 1;
    *out_size = in[at];
    return SSL_TLSEXT_ERR_OK;
  }
  return SSL_TLSEXT_ERR_NOACK;
}

}  // namespace

Result<TlsContext> read_tls(const std::string& certificate_file, const std::string& key_file) {
  for (const std::string& path : {certificate_file, key_file})
    if (!std::ifstream(path).is_open()) return refuse(path + " cannot be opened.");
  auto tls = std::make_shared<ssl::context>(ssl::context::tls_server);
  boost::system::error_code error;
  tls->set_options(ssl::context::default_workarounds | ssl::context::no_compression, error);
  SSL_CTX* native = tls->native_handle();
  SSL_CTX_set_min_proto_version(native, TLS1_2_VERSION);
  SSL_CTX_set_options(native, SSL_OP_NO_RENEGOTIATION | SSL_OP_CIPHER_SERVER_PREFERENCE);
  SSL_CTX_set_alpn_select_cb(native, choose_protocol, nullptr);
  tls->set_password_callback([](size_t, ssl::context::password_purpose) { return std::string(); }, error);
  tls->use_certificate_chain_file(certificate_file, error);
  if (error)
    return refuse(certificate_file +
                  " holds no certificate in PEM form (--ssl-certfile): " + error.message() + '.');
  // The key is compared with the certificate here.
  tls->use_private_key_file(key_file, ssl::context::pem, error);
  if (error)
    return refuse(key_file +
                  " holds no key that fits the certificate, in PEM form and without a password "
                  "(--ssl-keyfile): " +
                  error.message() + '.');
  if (SSL_CTX_check_private_key(native) != 1)
    return refuse(key_file + " is not the key of the certificate in " + certificate_file + '.');
  return tls;
}

}  // namespace quire::serve
