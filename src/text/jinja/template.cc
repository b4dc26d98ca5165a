#include "text/jinja/template.h"

#include <algorithm>
#include <charconv>
#include <cstdlib>

#include "base/utf8.h"
#include "text/jinja/interpreter.h"
#include "text/jinja/parser.h"

namespace quire::jinja {
namespace {

constexpr size_t kMaxSource = size_t{4} << 20;

std::string place_of(std::string_view source, uint32_t at) {
  const std::string_view before = source.substr(0, at);
  const size_t line = static_cast<size_t>(std::ranges::count(before, '\n')) + 1;
  const size_t column = count_characters(before.substr(before.rfind('\n') + 1)) + 1;
  return "line " + std::to_string(line) + ", column " + std::to_string(column);
}

Status status_of(const Failure& failure, std::string_view source) {
  if (failure.said_by_template) return {Code::kInvalidArgument, failure.message};
  return {Code::kInvalidArgument,
          "chat template, " + place_of(source, failure.at.value_or(0)) + ": " + failure.message};
}

size_t size_of(const Json& v) {
  if (const std::string* s = v.string()) return s->size() + 2;
  if (const Json::Number* n = v.number()) return n->text.size();
  size_t size = 8;
  if (const Json::Array* a = v.array())
    for (const Json& item : *a) size += size_of(item);
  if (const Json::Object* o = v.object())
    for (const auto& [key, item] : *o) size += key.size() + size_of(item);
  return size;
}

Value number(const std::string& text) {
  if (text.find_first_of(".eE") != std::string::npos) return std::strtod(text.c_str(), nullptr);
  int64_t v = 0;
  const auto r = std::from_chars(text.data(), text.data() + text.size(), v);
  if (r.ec == std::errc()) return v;
  return std::shared_ptr<const BigInteger>(std::make_shared<BigInteger>(BigInteger{text}));
}

Value from_json(Budget& budget, const Json& v, bool plain, const RenderOptions& options) {
  if (const bool* b = v.boolean()) return *b;
  if (const Json::Number* n = v.number()) return number(n->text);
  if (const std::string* s = v.string()) return make_text(budget, *s, plain);
  if (const Json::Array* a = v.array()) {
    Values all;
    for (const Json& item : *a) all.push_back(from_json(budget, item, plain, options));
    return make_list(budget, std::move(all));
  }
  if (const Json::Object* o = v.object()) {
    std::vector<std::pair<Value, Value>> all;
    for (const auto& [key, item] : *o) {
      const bool trusted = item.string() && key == options.trusted_key &&
                           std::ranges::count(options.trusted_values, *item.string()) > 0;
      all.emplace_back(make_text(budget, key, plain), from_json(budget, item, plain && !trusted, options));
    }
    return make_dictionary(budget, std::move(all));
  }
  return Value();
}

}  // namespace

Template::Template(std::string source, std::unique_ptr<Statement> root)
    : source_(std::move(source)), root_(std::move(root)) {}
Template::Template(Template&&) noexcept = default;
Template& Template::operator=(Template&&) noexcept = default;
Template::~Template() = default;

Result<Template> Template::parse(std::string_view source) {
  if (source.size() > kMaxSource)
    return Status(Code::kInvalidArgument, "the chat template has " + std::to_string(source.size()) +
                                              " bytes; at most " + std::to_string(kMaxSource) + " are read.");
  if (!is_utf8(source)) return Status(Code::kInvalidArgument, "the chat template is not UTF-8.");
  std::string normalized = normalize_source(source);
  try {
    std::unique_ptr<Statement> root = jinja::parse(normalized);
    return Template(std::move(normalized), std::move(root));
  } catch (const Failure& failure) {
    return status_of(failure, normalized);
  }
}

Result<Rendering> Template::render(const std::vector<Variable>& variables, const std::tm& now,
                                   const RenderOptions& options) const {
  size_t input = source_.size();
  for (const Variable& v : variables) input += v.name.size() + size_of(v.value);
  Budget budget;
  budget.steps =
      options.steps + static_cast<int64_t>(input / 16);  // reading the input is not the template's work
  budget.max_text = options.output + 4 * input;
  budget.max_alive += 64 * static_cast<int64_t>(input);
  try {
    Variables given;
    for (const Variable& v : variables)
      given.emplace_back(v.name, from_json(budget, v.value, v.plain, options));
    Interpreter interpreter(budget, now);
    Text text = interpreter.run(*root_, given);
    return Rendering{std::move(text.bytes), std::move(text.plain)};
  } catch (const Failure& failure) {
    return status_of(failure, source_);
  }
}

}  // namespace quire::jinja
