#include "base/fields.h"

#include <cmath>

namespace quire {
namespace {

const Json kEmpty{Json::Object{}};

std::string shown(const Json& v) {
  std::string s;
  append_json(v, s);
  if (s.size() > 60) s = s.substr(0, 57) + "...";
  return s;
}

std::string plain(float v) {
  std::string s;
  append_json_number(v, s);
  return s;
}

}  // namespace

Fields::Fields(const Json& object, std::string where, Status& problem)
    : object_(object), where_(std::move(where)), problem_(problem) {
  if (!object_.object() && problem_.ok())
    problem_ = {Code::kInvalidArgument,
                where_ + ": must be an object, found " + std::string(object_.kind_name()) + "."};
}

const Json* Fields::find(std::string_view key) const {
  const Json* v = object_.find(key);
  return v && !v->is_null() ? v : nullptr;
}

bool Fields::is_null(std::string_view key) const {
  const Json* v = object_.find(key);
  return v && v->is_null();
}

bool Fields::has(std::string_view key) const { return find(key) != nullptr; }

void Fields::fail(std::string_view key, const std::string& what) {
  if (problem_.ok()) problem_ = {Code::kInvalidArgument, where_ + ": " + std::string(key) + " " + what};
}

void Fields::unknown(std::string_view key, std::string_view known) {
  const Json* v = find(key);
  fail(key, "is " + (v ? shown(*v) : "null") + "; known are " + std::string(known) + ".");
}

int32_t Fields::integer(std::string_view key, int32_t least, int32_t most) {
  if (!has(key)) {
    fail(key, "is missing; an integer in [" + std::to_string(least) + ", " + std::to_string(most) +
                  "] is needed.");
    return least;
  }
  return integer(key, least, most, least);
}

int32_t Fields::integer(std::string_view key, int32_t least, int32_t most, int32_t otherwise) {
  const Json* v = find(key);
  if (!v) return otherwise;
  const auto i = v->integer();
  if (i && *i >= least && *i <= most) return static_cast<int32_t>(*i);
  fail(key, "must be an integer in [" + std::to_string(least) + ", " + std::to_string(most) + "], found " +
                shown(*v) + ".");
  return least;
}

float Fields::number(std::string_view key, float least, float most) {
  if (!has(key)) {
    fail(key, "is missing; a number in [" + plain(least) + ", " + plain(most) + "] is needed.");
    return least;
  }
  return number(key, least, most, least);
}

float Fields::number(std::string_view key, float least, float most, float otherwise) {
  const Json* v = find(key);
  if (!v) return otherwise;
  const auto d = v->real();
  if (d && *d >= static_cast<double>(least) && *d <= static_cast<double>(most)) return static_cast<float>(*d);
  fail(key, "must be a number in [" + plain(least) + ", " + plain(most) + "], found " + shown(*v) + ".");
  return least;
}

bool Fields::flag(std::string_view key, bool otherwise) {
  const Json* v = find(key);
  if (!v) return otherwise;
  if (v->boolean()) return *v->boolean();
  fail(key, "must be true or false, found " + shown(*v) + ".");
  return otherwise;
}

std::string_view Fields::text(std::string_view key, std::string_view otherwise) {
  const Json* v = find(key);
  if (!v) return otherwise;
  if (v->string()) return *v->string();
  fail(key, "must be a string, found " + shown(*v) + ".");
  return otherwise;
}

Fields Fields::object(std::string_view key) {
  const Json* v = find(key);
  if (v && !v->object()) {
    fail(key, "must be an object, found " + shown(*v) + ".");
    v = nullptr;
  }
  return Fields(v ? *v : kEmpty, where_ + ": " + std::string(key), problem_);
}

}  // namespace quire
