// One request of one client on its way through the endpoints: what came, whom to answer, and what will be
// said of it in the log. Answered once, by one thread at a time.
#pragma once
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "serve/api/api.h"
#include "serve/api/record.h"
#include "serve/generation/refusal.h"

namespace quire::serve {

struct ApiContext {  // the same for all requests; does not change
  ApiParts parts;
  ApiSettings settings;
};

inline constexpr const char* kNotFoundError = "NotFoundError";
inline constexpr const char* kUnavailableError = "ServiceUnavailableError";
inline constexpr const char* kRateLimitError = "RateLimitError";

class Inquiry {
 public:
  // `path` is the route's.
  Inquiry(std::shared_ptr<const ApiContext>, HttpRequest, std::shared_ptr<Reply>, std::string_view path);

  const ApiContext& context() const { return *context_; }
  const HttpRequest& request() const { return request_; }
  HttpRequest& request() { return request_; }
  const std::shared_ptr<Reply>& reply() const { return reply_; }
  RequestRecord& record() { return record_; }
  int64_t begun() const { return begun_; }  // ns of the engine's clock

  // Each answers, and ends it.
  void answer(int status, std::string json, std::vector<Header> headers = {});
  void refuse(int status, const Refusal& why, std::vector<Header> headers = {});
  void refuse(const Refusal& why) {
    refuse(why.type == kNotFoundError ? 404 : why.type == kInternalError ? 500 : 400, why);
  }
  void deny(const Denial& why);
  // It is answered in another way, with this status; logs it and tells who watches, as the calls above do
  // before the client can know.
  void close(int status);

  // The body as an object, or answered already: then null is what comes back.
  bool read_object(Json& to);
  // A name that is not one of the model's: 404.
  Refusal check_model(const std::string& name) const;

 private:
  std::shared_ptr<const ApiContext> context_;
  HttpRequest request_;
  std::shared_ptr<Reply> reply_;
  RequestRecord record_;
  int64_t begun_;
};

}  // namespace quire::serve
