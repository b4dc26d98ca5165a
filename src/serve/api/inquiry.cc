#include "serve/api/inquiry.h"

#include <algorithm>
#include <cstdio>

#include "serve/generation/json_field.h"

namespace quire::serve {
namespace {

constexpr JsonLimits kBody{.depth = 64, .values = 2'000'000, .keys = 4096};
constexpr size_t kMostClientId = 128;

bool is_json(const std::string* type) {
  if (!type) return false;
  std::string media = type->substr(0, type->find(';'));
  media.erase(media.find_last_not_of(" \t") + 1);
  std::ranges::transform(media, media.begin(),
                         [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return media == "application/json" || (media.starts_with("application/") && media.ends_with("+json"));
}

}  // namespace

Inquiry::Inquiry(std::shared_ptr<const ApiContext> context, HttpRequest request, std::shared_ptr<Reply> reply,
                 std::string_view path)
    : context_(std::move(context)),
      request_(std::move(request)),
      reply_(std::move(reply)),
      begun_(steady_ns()) {
  record_.number = request_.id;
  record_.path = path;
  record_.key = request_.key;
  if (const std::string* id = request_.header("X-Request-Id"))
    record_.client_id = id->substr(0, kMostClientId);
}

void Inquiry::answer(int status, std::string json, std::vector<Header> headers) {
  headers.push_back({"Content-Type", "application/json"});
  close(reply_->gone() ? 499 : status);
  reply_->send(status, std::move(headers), std::move(json));
}

void Inquiry::refuse(int status, const Refusal& why, std::vector<Header> headers) {
  record_.param = why.param;
  answer(status, error_body(status, why.message, why.type, why.param), std::move(headers));
}

void Inquiry::deny(const Denial& why) {
  refuse(why.status, {why.message, "", why.status == 429 ? kRateLimitError : kUnavailableError},
         {{"Retry-After", std::to_string(why.retry_after)}});
}

void Inquiry::close(int status) {
  record_.status = status;
  record_.total = static_cast<double>(steady_ns() - begun_) * 1e-9;
  std::string line;
  append_log_line(record_, line);
  const ApiSettings& s = context_->settings;
  if (s.log) s.log(line);
  else std::fwrite(line.data(), 1, line.size(), stderr);
}

bool Inquiry::read_object(Json& to) {
  const std::string* type = request_.header("Content-Type");
  if (!is_json(type)) {
    refuse(415, {"the body must be JSON, with Content-Type: application/json; got " +
                 (type ? shown(Json(*type)) : std::string("no Content-Type")) + '.'});
    return false;
  }
  Result<Json> json = parse_json(request_.body, kBody);
  std::string().swap(request_.body);
  if (!json.ok()) {
    refuse({"the body is " + json.status().message()});
    return false;
  }
  if (!json.value().object()) {
    refuse({"the body must be a JSON object, got " + shown(json.value()) + '.'});
    return false;
  }
  to = std::move(json).value();
  return true;
}

Refusal Inquiry::check_model(const std::string& name) const {
  const auto& names = context_->settings.names;
  if (name.empty() || std::ranges::count(names, name)) return {};
  const std::string quoted = shown(Json(name));
  return {"The model `" + quoted.substr(1, quoted.size() - 2) + "` does not exist.", "model", kNotFoundError};
}

}  // namespace quire::serve
