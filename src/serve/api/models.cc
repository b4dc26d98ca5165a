#include "serve/api/models.h"

#include "serve/api/switchboard.h"

namespace quire::serve {
namespace {

void append_model(const ApiContext& c, const std::string& name, std::string& to) {
  to += R"({"id":)";
  append_json_string(name, to);
  to += R"(,"object":"model","created":)" + std::to_string(c.settings.started) +
        R"(,"owned_by":"quire","root":)";
  append_json_string(c.settings.root, to);
  to += R"(,"parent":null,"max_model_len":)" + std::to_string(c.parts.engine.limits().max_model_len) +
        R"(,"permission":[]})";
}

}  // namespace

void list_models(Inquiry inquiry) {
  const ApiContext& c = inquiry.context();
  std::string to = R"({"object":"list","data":[)";
  for (const std::string& name : c.settings.names) {
    if (to.back() == '}') to += ',';
    append_model(c, name, to);
  }
  inquiry.answer(200, to + "]}");
}

void show_model(Inquiry inquiry) {
  constexpr std::string_view kBefore = "/v1/models/";
  const std::string name = inquiry.request().path.substr(kBefore.size());
  if (Refusal r = inquiry.check_model(name)) return inquiry.refuse(r);
  std::string to;
  append_model(inquiry.context(), name, to);
  inquiry.answer(200, to);
}

void show_version(Inquiry inquiry) {
  std::string to = R"({"version":)";
  append_json_string(inquiry.context().settings.version, to);
  inquiry.answer(200, to + '}');
}

void show_load(Inquiry inquiry) {
  inquiry.answer(200, R"({"server_load":)" + std::to_string(inquiry.context().parts.board.open()) + '}');
}

}  // namespace quire::serve
