// The options of Metaspace, which pre-tokenizers and decoders share.
#pragma once
#include <string>

#include "base/json.h"
#include "base/status.h"

namespace quire {

struct Metaspace {
  enum class Scheme : unsigned char { kFirst, kNever, kAlways };

  std::string replacement;  // one character
  Scheme scheme = Scheme::kAlways;
  bool split = true;

  static Result<Metaspace> read(const Json& json, const std::string& where);
};

}  // namespace quire
