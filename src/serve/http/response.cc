#include "serve/http/response.h"

#include <array>
#include <charconv>
#include <ctime>

namespace quire::serve {
namespace {

struct Words {
  int status;
  std::string_view reason, type;
};

constexpr Words kWords[] = {
    {200, "OK", ""},
    {204, "No Content", ""},
    {400, "Bad Request", "BadRequestError"},
    {401, "Unauthorized", "AuthenticationError"},
    {403, "Forbidden", "PermissionDeniedError"},
    {404, "Not Found", "NotFoundError"},
    {405, "Method Not Allowed", "MethodNotAllowedError"},
    {408, "Request Timeout", "RequestTimeoutError"},
    {413, "Content Too Large", "RequestTooLargeError"},
    {414, "URI Too Long", "BadRequestError"},
    {415, "Unsupported Media Type", "UnsupportedMediaTypeError"},
    {417, "Expectation Failed", "BadRequestError"},
    {422, "Unprocessable Content", "UnprocessableEntityError"},
    {429, "Too Many Requests", "RateLimitError"},
    {431, "Request Header Fields Too Large", "BadRequestError"},
    {499, "Client Closed Request", "ClientClosedRequestError"},
    {500, "Internal Server Error", "InternalServerError"},
    {501, "Not Implemented", "NotImplementedError"},
    {503, "Service Unavailable", "ServiceUnavailableError"},
    {504, "Gateway Timeout", "TimeoutError"},
    {505, "HTTP Version Not Supported", "BadRequestError"},
};

const Words* words_of(int status) {
  for (const Words& w : kWords)
    if (w.status == status) return &w;
  return nullptr;
}

// As RFC 9110, section 5.6.7, wants it, whatever the locale.
std::string date() {
  constexpr std::array kDays{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  constexpr std::array kMonths{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                               "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const std::time_t now = std::time(nullptr);
  std::tm t{};
  gmtime_r(&now, &t);
  const auto two = [](int v) { return std::string(v < 10 ? "0" : "") + std::to_string(v); };
  return std::string(kDays[static_cast<size_t>(t.tm_wday)]) + ", " + two(t.tm_mday) + ' ' +
         kMonths[static_cast<size_t>(t.tm_mon)] + ' ' + std::to_string(t.tm_year + 1900) + ' ' +
         two(t.tm_hour) + ':' + two(t.tm_min) + ':' + two(t.tm_sec) + " GMT";
}

}  // namespace

std::string_view reason_of(int status) {
  const Words* w = words_of(status);
  return w ? w->reason : status < 400 ? "OK" : status < 500 ? "Bad Request" : "Internal Server Error";
}

std::string_view error_type_of(int status) {
  const Words* w = words_of(status);
  return w && !w->type.empty() ? w->type : status < 500 ? "BadRequestError" : "InternalServerError";
}

std::string response_head(int status, const std::vector<Header>& headers) {
  std::string head = "HTTP/1.1 " + std::to_string(status) + ' ';
  head.append(reason_of(status)).append("\r\nDate: ").append(date()).append("\r\n");
  for (const Header& h : headers) {
    head.append(h.name).append(": ");
    for (char c : h.value)
      if (static_cast<unsigned char>(c) >= 0x20 && c != 0x7F) head += c;
    head += "\r\n";
  }
  return head;
}

void append_chunk(std::string_view piece, std::string& to) {
  if (piece.empty()) return;
  std::array<char, 16> size{};
  const auto [end, error] = std::to_chars(size.data(), size.data() + size.size(), piece.size(), 16);
  to.append(size.data(), end).append("\r\n").append(piece).append("\r\n");
}

}  // namespace quire::serve
