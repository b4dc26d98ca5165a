// The strict reading of a request's head: refuses, byte by byte and line by line, every shape that two
// readers might understand differently (request smuggling), and everything beyond the limits before it is
// kept. Source: RFC 9112, where it says MUST or leaves a choice, the choice here is to refuse.
#pragma once
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "serve/http/limits.h"

namespace quire::serve {

class HeadCheck {
 public:
  enum class Found : uint8_t { kMore, kEnd, kRefusal };

  explicit HeadCheck(const HttpLimits& limits) : limits_(&limits) {}

  // `bytes`: all of the request so far; each call looks only at what is new. kEnd: size() bytes are the head.
  Found look(std::string_view bytes);

  size_t size() const { return line_begin_; }
  const HttpRefusal& refusal() const { return refusal_; }

  // What the head says about the body; valid after kEnd.
  bool chunked() const { return chunked_; }
  std::optional<uint64_t> content_length() const { return content_length_; }
  bool http_1_0() const { return http_1_0_; }

 private:
  bool take_line(std::string_view line);  // without its end; false: refused
  bool take_request_line(std::string_view line);
  bool take_field(std::string_view line);
  bool take_known_field(std::string_view name, std::string_view value);
  bool take_end();
  bool refuse(int status, std::string message);

  const HttpLimits* limits_;
  HttpRefusal refusal_;
  size_t looked_ = 0, line_begin_ = 0, lines_ = 0, fields_bytes_ = 0;
  bool ended_ = false, chunked_ = false, http_1_0_ = false, host_ = false;
  std::optional<uint64_t> content_length_;
  std::string authority_;  // of an absolute target
};

// A host, or host:port, as it may stand in a URL: no user, no space, no path.
bool is_authority(std::string_view text);

bool equal_ignoring_case(std::string_view a, std::string_view b);

}  // namespace quire::serve
