// TLS of the server's side: certificate and key from files, TLS 1.2 and later.
#pragma once
#include <memory>
#include <string>

#include "base/status.h"

namespace boost::asio::ssl {
class context;
}

namespace quire::serve {

using TlsContext = std::shared_ptr<boost::asio::ssl::context>;

// PEM files: the certificate with the chain above it, and its unencrypted key.
Result<TlsContext> read_tls(const std::string& certificate_file, const std::string& key_file);

}  // namespace quire::serve
