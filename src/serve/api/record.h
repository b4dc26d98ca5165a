// What is known of a request when it is over: one line of the log, and figures for the metrics.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

namespace quire::serve {

struct RequestRecord {
  uint64_t number = 0;      // HttpRequest::id
  std::string id{};         // as the answer says it; empty where the endpoint gives none
  std::string client_id{};  // the client's request_id or X-Request-Id; cut
  std::string path{};       // of the route: one of a few
  int32_t key = 0;
  int status = 0;  // 499: the client went away before there was one
  bool stream = false;
  int64_t prompt_tokens = 0, tokens = 0, cached_tokens = 0;
  int32_t choices = 0;
  // Seconds; below 0: it did not come to that.
  double queue = -1;        // from the complete request to its first step
  double first_token = -1;  // from the complete request to the first token
  double total = 0;
  std::string_view finish{};  // stop, length, error, abort; empty: nothing was generated
  std::string param{};        // the field that was refused
  std::string prompt{};       // only if it may be logged
};

// One line of JSON with its end.
void append_log_line(const RequestRecord&, std::string& to);

}  // namespace quire::serve
