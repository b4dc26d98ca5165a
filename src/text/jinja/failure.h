// How the interpreter stops: an exception of its own that never leaves this folder. The doors in template.h
// turn it into a Status with line and column.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <utility>

namespace quire::jinja {

struct Failure {
  std::string message;
  std::optional<uint32_t> at{};   // byte of the template; filled in by the innermost node that knows
  bool said_by_template = false;  // raise_exception: the template's own words
};

[[noreturn]] inline void fail(std::string message) { throw Failure{std::move(message)}; }
[[noreturn]] inline void fail_at(uint32_t at, std::string message) { throw Failure{std::move(message), at}; }

}  // namespace quire::jinja
