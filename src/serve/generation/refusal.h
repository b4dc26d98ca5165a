// Why a request is refused, as its answer says it: a sentence, the API's name for the kind of error, the
// field.
#pragma once
#include <string>

namespace quire {

struct Refusal {
  std::string message{};  // empty: not refused
  std::string param{};    // empty: no single field
  std::string type = "BadRequestError";
  explicit operator bool() const { return !message.empty(); }
};

inline constexpr const char* kNotImplemented = "NotImplementedError";
inline constexpr const char* kInternalError = "InternalServerError";

}  // namespace quire
