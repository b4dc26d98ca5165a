// JSON values (RFC 8259) that keep what templates and configs need: the order of keys, numbers as they
// were written (1 and 1.0 differ, large integers stay whole). Parsing is bounded and refuses what is not
// JSON: bad UTF-8, lone surrogates, NaN, a key given twice, trailing text.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/status.h"

namespace quire {

class Json {
 public:
  struct Number {
    std::string text;  // as written
  };
  using Array = std::vector<Json>;
  using Member = std::pair<std::string, Json>;
  using Object = std::vector<Member>;  // in the order of the text

  Json() = default;  // null
  Json(bool v) : v_(v) {}
  Json(int64_t v) : v_(Number{std::to_string(v)}) {}
  Json(Number v) : v_(std::move(v)) {}
  Json(std::string v) : v_(std::move(v)) {}
  Json(const char* v) : v_(std::string(v)) {}
  Json(Array v) : v_(std::move(v)) {}
  Json(Object v) : v_(std::move(v)) {}

  bool is_null() const { return v_.index() == 0; }
  // Each null if the value is of another kind.
  const bool* boolean() const { return std::get_if<bool>(&v_); }
  const Number* number() const { return std::get_if<Number>(&v_); }
  const std::string* string() const { return std::get_if<std::string>(&v_); }
  const Array* array() const { return std::get_if<Array>(&v_); }
  const Object* object() const { return std::get_if<Object>(&v_); }
  Array* array() { return std::get_if<Array>(&v_); }
  Object* object() { return std::get_if<Object>(&v_); }

  // A number written as an integer (no point, no exponent) that fits; nothing otherwise.
  std::optional<int64_t> integer() const;
  std::optional<uint64_t> unsigned_integer() const;
  // Any number that is finite as a double.
  std::optional<double> real() const;

  // The member, or null: also when this is no object. Looks through all members: read a large object by
  // walking object() instead.
  const Json* find(std::string_view key) const;

  std::string_view kind_name() const;  // "null", "a boolean", "a number", "a string", "an array", "an object"

 private:
  std::variant<std::monostate, bool, Number, std::string, Array, Object> v_;
};

struct JsonLimits {
  int32_t depth = 64;
  int64_t values = 20'000'000;
  size_t keys = SIZE_MAX;  // of one object
};

// The error names the byte where it went wrong.
Result<Json> parse_json(std::string_view text, const JsonLimits& limits = {});

// Reads and parses a file of at most `max_bytes`; errors begin with the path.
Result<Json> read_json_file(const std::string& path, int64_t max_bytes = int64_t{256} << 20,
                            const JsonLimits& limits = {});

// `v` as compact JSON, keys and numbers as they are, non-ASCII characters as UTF-8.
void append_json(const Json& v, std::string& to);
void append_json_string(std::string_view text, std::string& to);  // with quotes; bad UTF-8 becomes U+FFFD
void append_json_number(float v,
                        std::string& to);  // shortest that reads back as the same f32; null if not finite
void append_json_number(double v, std::string& to);

}  // namespace quire
