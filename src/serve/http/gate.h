// What becomes of a request whose head was read: the one place where names, routes, keys and the server's
// state decide together. Routes come before keys, so that who may do something hangs on what would be done.
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "serve/http/exchange.h"
#include "serve/http/request_reader.h"
#include "serve/http/router.h"
#include "serve/http/site.h"

namespace quire::serve {

struct Decision {
  // 0: `route` answers. Else this status, with the error `message` (or an empty 204), is the answer.
  int status = 0;
  std::string message;
  std::vector<Header> headers;  // of that answer

  std::shared_ptr<const Router> router;  // keeps `route` alive
  const Route* route = nullptr;
  std::string path, query;
  int32_t key = 0;

  std::vector<Header> always;  // headers of whatever answer the request gets
  bool close = false;          // the connection ends with it
};

Decision decide(const RequestHead& head, const Site& site);

}  // namespace quire::serve
