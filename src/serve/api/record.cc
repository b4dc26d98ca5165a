#include "serve/api/record.h"

#include <cmath>
#include <ctime>

#include "base/json.h"

namespace quire::serve {
namespace {

void append_time(std::string& to) {
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  std::tm utc{};
  gmtime_r(&now.tv_sec, &utc);
  char text[40];
  const size_t n = std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &utc);
  std::string milliseconds = std::to_string(1000 + now.tv_nsec / 1'000'000);
  to.append(text, n);
  to += '.' + milliseconds.substr(1) + 'Z';
}

void append_seconds(std::string_view name, double seconds, std::string& to) {
  if (seconds < 0) return;
  to += ",\"" + std::string(name) + "_s\":";
  append_json_number(std::round(seconds * 1e6) / 1e6, to);
}

void append_text(std::string_view name, std::string_view text, std::string& to) {
  if (text.empty()) return;
  to += ",\"" + std::string(name) + "\":";
  append_json_string(text, to);
}

}  // namespace

void append_log_line(const RequestRecord& r, std::string& to) {
  to += R"({"time":")";
  append_time(to);
  to += R"(","event":"request","number":)" + std::to_string(r.number);
  append_text("id", r.id, to);
  append_text("client_id", r.client_id, to);
  append_text("path", r.path, to);
  to += R"(,"key":)" + std::to_string(r.key) + R"(,"status":)" + std::to_string(r.status);
  if (r.choices > 0) {
    to += R"(,"stream":)" + std::string(r.stream ? "true" : "false") + R"(,"choices":)" +
          std::to_string(r.choices) + R"(,"prompt_tokens":)" + std::to_string(r.prompt_tokens) +
          R"(,"completion_tokens":)" + std::to_string(r.tokens) + R"(,"cached_tokens":)" +
          std::to_string(r.cached_tokens);
  }
  append_seconds("queue", r.queue, to);
  append_seconds("ttft", r.first_token, to);
  append_seconds("total", r.total, to);
  append_text("finish_reason", r.finish, to);
  append_text("param", r.param, to);
  append_text("prompt", r.prompt, to);
  to += "}\n";
}

}  // namespace quire::serve
