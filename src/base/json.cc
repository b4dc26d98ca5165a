// The parser is RapidJSON's iterative one; this file builds values from its events and checks the rest.
#include "base/json.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <memory>

// RapidJSON 1.1 adds to a null pointer in its empty stack, which clang's sanitizer stops at.
#ifdef __clang__
#pragma clang attribute push(__attribute__((no_sanitize("pointer-overflow"))), apply_to = function)
#endif
#define RAPIDJSON_HAS_STDSTRING 1
#include <rapidjson/error/en.h>
#include <rapidjson/memorystream.h>
#include <rapidjson/reader.h>
#ifdef __clang__
#pragma clang attribute pop
#endif

#include "base/utf8.h"

namespace quire {
namespace {

class Builder : public rapidjson::BaseReaderHandler<rapidjson::UTF8<>, Builder> {
 public:
  explicit Builder(const JsonLimits& limits) : limits_(limits) {}

  bool Null() { return value(Json()); }
  bool Bool(bool b) { return value(Json(b)); }
  bool RawNumber(const char* s, rapidjson::SizeType n, bool) {
    return value(Json(Json::Number{std::string(s, n)}));
  }
  bool String(const char* s, rapidjson::SizeType n, bool) {
    std::string text(s, n);
    return valid(text) && value(Json(std::move(text)));
  }
  bool Key(const char* s, rapidjson::SizeType n, bool) {
    if (stack_.back().object()->size() >= limits_.keys) {
      problem_ = "an object with more than " + std::to_string(limits_.keys) + " keys";
      return false;
    }
    keys_.emplace_back(s, n);
    return valid(keys_.back());
  }
  bool StartObject() { return open(Json(Json::Object())); }
  bool StartArray() { return open(Json(Json::Array())); }
  bool EndArray(rapidjson::SizeType) { return close(); }
  bool EndObject(rapidjson::SizeType) {
    if (const std::string* twice = repeated(*stack_.back().object())) {
      problem_ = "the key \"" + twice->substr(0, 60) + "\" is given twice";
      return false;
    }
    return close();
  }

  Json take() { return std::move(root_); }
  const std::string& problem() const { return problem_; }

 private:
  bool valid(const std::string& s) {  // \ud800 alone parses, but is no character
    if (is_utf8(s)) return true;
    problem_ = "a string is not valid Unicode (a lone surrogate, or bytes that are not UTF-8)";
    return false;
  }
  bool open(Json v) {
    if (static_cast<int64_t>(stack_.size()) >= limits_.depth) {
      problem_ = "nested deeper than " + std::to_string(limits_.depth) + " levels";
      return false;
    }
    stack_.push_back(std::move(v));
    return true;
  }
  bool close() {
    Json v = std::move(stack_.back());
    stack_.pop_back();
    return value(std::move(v));
  }
  bool value(Json v) {
    if (++values_ > limits_.values) {
      problem_ = "more than " + std::to_string(limits_.values) + " values";
      return false;
    }
    if (stack_.empty()) {
      root_ = std::move(v);
    } else if (Json::Array* a = stack_.back().array()) {
      a->push_back(std::move(v));
    } else {
      stack_.back().object()->emplace_back(std::move(keys_.back()), std::move(v));
      keys_.pop_back();
    }
    return true;
  }
  static const std::string* repeated(const Json::Object& o) {
    if (o.size() <= 16) {
      for (size_t i = 0; i < o.size(); ++i)
        for (size_t j = 0; j < i; ++j)
          if (o[i].first == o[j].first) return &o[i].first;
      return nullptr;
    }
    std::vector<const std::string*> keys;  // sorted, not hashed: a stranger could choose keys of one hash
    keys.reserve(o.size());
    for (const auto& [key, v] : o) keys.push_back(&key);
    std::ranges::sort(keys, [](auto* a, auto* b) { return *a < *b; });
    const auto twice = std::ranges::adjacent_find(keys, [](auto* a, auto* b) { return *a == *b; });
    return twice != keys.end() ? *twice : nullptr;
  }

  JsonLimits limits_;
  std::vector<Json> stack_;
  std::vector<std::string> keys_;
  Json root_;
  int64_t values_ = 0;
  std::string problem_;
};

template <class T>
std::optional<T> whole(const Json::Number* n) {
  if (!n) return std::nullopt;
  T v = 0;
  const char* end = n->text.data() + n->text.size();
  const auto r = std::from_chars(n->text.data(), end, v);
  return r.ec == std::errc() && r.ptr == end ? std::optional<T>(v) : std::nullopt;
}

template <class T>
void append_shortest(T v, std::string& to) {
  if (!std::isfinite(v)) {
    to += "null";
    return;
  }
  char buffer[40];
  const auto r = std::to_chars(buffer, buffer + sizeof buffer, v);
  to.append(buffer, r.ptr);
}

}  // namespace

std::optional<int64_t> Json::integer() const { return whole<int64_t>(number()); }
std::optional<uint64_t> Json::unsigned_integer() const { return whole<uint64_t>(number()); }

std::optional<double> Json::real() const {
  const Number* n = number();
  if (!n) return std::nullopt;
  double v = 0;
  const char* end = n->text.data() + n->text.size();
  const auto r = std::from_chars(n->text.data(), end, v);
  if (r.ec == std::errc::result_out_of_range) {  // too large, or so small that it is 0 or nearly so
    v = std::strtod(n->text.c_str(), nullptr);
    return std::isfinite(v) ? std::optional(v) : std::nullopt;
  }
  return r.ec == std::errc() && r.ptr == end ? std::optional<double>(v) : std::nullopt;
}

const Json* Json::find(std::string_view key) const {
  const Object* o = object();
  if (!o) return nullptr;
  const auto it = std::ranges::find(*o, key, [](const Member& m) { return std::string_view(m.first); });
  return it == o->end() ? nullptr : &it->second;
}

std::string_view Json::kind_name() const {
  static constexpr std::string_view kNames[] = {"null",     "a boolean", "a number",
                                                "a string", "an array",  "an object"};
  return kNames[v_.index()];
}

Result<Json> parse_json(std::string_view text, const JsonLimits& limits) {
  constexpr unsigned kFlags = rapidjson::kParseIterativeFlag | rapidjson::kParseNumbersAsStringsFlag |
                              rapidjson::kParseValidateEncodingFlag;
  Builder builder(limits);
  rapidjson::MemoryStream stream(text.data(), text.size());
  rapidjson::Reader reader;
  const rapidjson::ParseResult r = reader.Parse<kFlags>(stream, builder);
  // RapidJSON takes a zero byte for the end.
  if (!r.IsError() && stream.Tell() == text.size()) return builder.take();
  if (!r.IsError())
    return Status(Code::kInvalidArgument,
                  "not valid JSON at byte " + std::to_string(stream.Tell()) + ": a zero byte.");
  std::string why = builder.problem();
  if (why.empty()) why = rapidjson::GetParseError_En(r.Code());
  while (!why.empty() && why.back() == '.') why.pop_back();
  return Status(Code::kInvalidArgument,
                "not valid JSON at byte " + std::to_string(r.Offset()) + ": " + why + ".");
}

Result<Json> read_json_file(const std::string& path, int64_t max_bytes, const JsonLimits& limits) {
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(
      std::fopen(path.c_str(), "rb"), [](std::FILE* f) { return f ? std::fclose(f) : 0; });
  if (!file) return Status(Code::kNotFound, path + ": cannot be opened; is it there and readable?");
  std::string text;
  char buffer[1 << 16];
  while (const size_t n = std::fread(buffer, 1, sizeof buffer, file.get())) {
    text.append(buffer, n);
    if (static_cast<int64_t>(text.size()) > max_bytes)
      return Status(Code::kInvalidArgument,
                    path + ": larger than the " + std::to_string(max_bytes) + " bytes that are allowed.");
  }
  if (std::ferror(file.get()))
    return Status(Code::kInvalidArgument, path + ": cannot be read; is it a file?");
  auto r = parse_json(text, limits);
  if (!r.ok()) return Status(r.status().code(), path + ": " + r.status().message());
  return r;
}

void append_json_string(std::string_view text, std::string& to) {
  static constexpr char kHex[] = "0123456789abcdef";
  to += '"';
  for (size_t i = 0; i < text.size();) {
    const auto c = static_cast<unsigned char>(text[i]);
    if (c >= 0x80) {
      const size_t n = utf8_length(text.substr(i));
      if (n == 0) to += "\xef\xbf\xbd", ++i;
      else to += text.substr(i, n), i += n;
      continue;
    }
    ++i;
    switch (c) {
      case '"':
        to += "\\\"";
        break;
      case '\\':
        to += "\\\\";
        break;
      case '\n':
        to += "\\n";
        break;
      case '\r':
        to += "\\r";
        break;
      case '\t':
        to += "\\t";
        break;
      default:
        if (c >= 0x20 && c != 0x7f) to += static_cast<char>(c);
        else to += "\\u00", to += kHex[c >> 4], to += kHex[c & 15];
    }
  }
  to += '"';
}

void append_json_number(float v, std::string& to) { append_shortest(v, to); }
void append_json_number(double v, std::string& to) { append_shortest(v, to); }

void append_json(const Json& v, std::string& to) {
  if (const bool* b = v.boolean()) {
    to += *b ? "true" : "false";
  } else if (const Json::Number* n = v.number()) {
    to += n->text;
  } else if (const std::string* s = v.string()) {
    append_json_string(*s, to);
  } else if (const Json::Array* a = v.array()) {
    to += '[';
    for (size_t i = 0; i < a->size(); ++i) {
      if (i) to += ',';
      append_json((*a)[i], to);
    }
    to += ']';
  } else if (const Json::Object* o = v.object()) {
    to += '{';
    for (size_t i = 0; i < o->size(); ++i) {
      if (i) to += ',';
      append_json_string((*o)[i].first, to);
      to += ':';
      append_json((*o)[i].second, to);
    }
    to += '}';
  } else {
    to += "null";
  }
}

}  // namespace quire
