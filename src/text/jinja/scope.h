// What names hold while a template runs.
#pragma once
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "text/jinja/syntax.h"

namespace quire::jinja {

// What the request gave, and what was assigned at the top of the template: blocks see it, and every scope
// sees it in the names that no scope around it has.
using Context = std::unordered_map<std::string, Value>;

struct Scope {
  std::shared_ptr<Scope> parent;  // null: the template's own, or a block's
  std::shared_ptr<Context> context;
  const ScopeNames* names;                     // of the template, which outlives it
  std::vector<std::optional<Value>> values{};  // of each of them; nothing: not set

  std::optional<Value>* find(std::string_view name);  // here only; null: the scope has no such name
  void set(std::string_view name, Value v);           // a name that the scope does not have is left alone
  void clear();                                       // forgets every value
};

}  // namespace quire::jinja
