#include "serve/api/api.h"

#include <atomic>
#include <memory>
#include <utility>

#include "serve/api/generate.h"
#include "serve/api/inquiry.h"
#include "serve/api/models.h"
#include "serve/api/openapi.h"
#include "serve/api/switchboard.h"
#include "serve/api/tokens.h"

namespace quire::serve {

std::vector<Route> api_routes(const ApiParts& parts, ApiSettings settings) {
  const auto context = std::make_shared<const ApiContext>(ApiContext{parts, std::move(settings)});
  std::vector<Route> routes;
  using Answer = std::function<void(Inquiry)>;
  const auto add = [&](std::string method, std::string path, Answer how) {
    const auto post = method == "POST" ? &TextPool::post_long : &TextPool::post;
    const auto answer = std::make_shared<const Answer>(std::move(how));  // may run when the routes have gone
    Handler handler = [context, path, post, answer](HttpRequest request, std::shared_ptr<Reply> reply) {
      auto inquiry = std::make_shared<Inquiry>(context, std::move(request), std::move(reply), path);
      (context->parts.pool.*post)([inquiry, answer] { (*answer)(std::move(*inquiry)); });
    };
    routes.push_back({std::move(method), std::move(path), Guard::kKey, std::move(handler)});
  };
  for (const Endpoint& e : generation_endpoints())
    add("POST", std::string(e.path), [&e](Inquiry inquiry) { generate(e, std::move(inquiry)); });
  add("POST", "/tokenize", tokenize);
  add("POST", "/detokenize", detokenize);
  add("GET", "/v1/models", list_models);
  add("GET", "/v1/models/{model}", show_model);
  add("GET", "/version", show_version);
  add("GET", "/load", show_load);
  add("GET", "/openapi.json", [](Inquiry inquiry) {
    inquiry.answer(
        200, openapi_document(inquiry.context().settings.version, inquiry.context().parts.engine.limits()));
  });
  return routes;
}

}  // namespace quire::serve
