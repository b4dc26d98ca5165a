// The door to the interpreter: a template is parsed once and rendered with variables. What transformers'
// environment allows, and its results, byte for byte; docs: jinja.palletsprojects.com, transformers'
// chat_template_utils. Refused in words: include, import, extends, autoescape; the filter random and the
// function lipsum, which are never the same twice; integers of more than 4300 digits and complex numbers.
#pragma once
#include <ctime>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/json.h"
#include "base/status.h"
#include "text/tokenizer.h"

namespace quire::jinja {

struct Statement;

struct Variable {
  std::string name;
  Json value;
  bool plain = true;  // its strings are of a user: marked in the rendering
};

struct RenderOptions {
  int64_t steps = 5'000'000;
  size_t output = size_t{1} << 20;  // bytes; beside 4 times the template and the variables
  // In a plain variable, these strings under this key are not plain: roles, which templates put into tags.
  std::string_view trusted_key = {};
  std::span<const std::string_view> trusted_values = {};
};

struct Rendering {
  std::string text;
  std::vector<TextRange> plain;  // what came from a user: in order, disjoint
};

class Template {  // immutable: any thread may render it
 public:
  // Errors say line and column.
  static Result<Template> parse(std::string_view source);
  Template(Template&&) noexcept;
  Template& operator=(Template&&) noexcept;
  ~Template();

  bool mentions(std::string_view words) const { return source_.find(words) != std::string::npos; }

  // `now` is what strftime_now tells. What the template says with raise_exception is the whole message
  // (Code::kInvalidArgument); other errors say line and column.
  Result<Rendering> render(const std::vector<Variable>&, const std::tm& now, const RenderOptions& = {}) const;

 private:
  Template(std::string source, std::unique_ptr<Statement> root);
  std::string source_;  // normalized, for positions
  std::unique_ptr<Statement> root_;
};

}  // namespace quire::jinja
