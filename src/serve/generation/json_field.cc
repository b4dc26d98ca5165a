#include "serve/generation/json_field.h"

#include <algorithm>
#include <limits>

namespace quire {
namespace {

std::string must(std::string_view name, std::string_view rule, const Json& value) {
  return std::string(name) + ' ' + std::string(rule) + ", got " + shown(value) + '.';
}

bool written_as_integer(const std::string& number) {
  return number.find_first_of(".eE") == std::string::npos;
}

}  // namespace

const Json* find_set(const Json& object, std::string_view key) {
  const Json* v = object.find(key);
  return v && !v->is_null() ? v : nullptr;
}

std::string shown(const Json& value) {
  constexpr size_t kMost = 60;
  std::string text;
  append_json(value, text);
  if (text.size() <= kMost) return text;
  size_t cut = kMost;
  while (cut > 0 && (static_cast<unsigned char>(text[cut]) & 0xC0) == 0x80) --cut;  // not within a character
  return text.substr(0, cut) + "...";
}

std::string read_whole(std::string_view name, const Json& value, int64_t least, int64_t most,
                       std::string_view rule, int64_t& to) {
  const Json::Number* number = value.number();
  if (!number || !written_as_integer(number->text)) return must(name, "must be an integer", value);
  const std::optional<int64_t> v = value.integer();
  if (v ? *v < least : number->text.starts_with('-')) return must(name, rule, value);
  if (!v || *v > most) return must(name, "must be at most " + std::to_string(most), value);
  to = *v;
  return {};
}

std::string read_whole(std::string_view name, const Json& value, int32_t least, std::string_view rule,
                       int32_t& to) {
  int64_t wide = 0;
  std::string why = read_whole(name, value, least, std::numeric_limits<int32_t>::max(), rule, wide);
  if (why.empty()) to = static_cast<int32_t>(wide);
  return why;
}

std::string read_real(std::string_view name, const Json& value, double least, bool open, double most,
                      std::string_view rule, float& to) {
  if (!value.number()) return must(name, "must be a number", value);
  const std::optional<double> v = value.real();
  if (!v) return must(name, "must be a finite number", value);
  if (*v < least || (open && *v == least) || *v > most) return must(name, rule, value);
  // What f32 cannot hold is brought to its edge, and what is not zero stays so.
  constexpr double kLargest = std::numeric_limits<float>::max(),
                   kSmallest = std::numeric_limits<float>::min();
  double held = std::clamp(*v, -kLargest, kLargest);
  if (held > 0) held = std::max(held, kSmallest);
  to = static_cast<float>(held);
  return {};
}

std::string read_switch(std::string_view name, const Json& value, bool& to) {
  if (!value.boolean()) return must(name, "must be true or false", value);
  to = *value.boolean();
  return {};
}

std::string read_ids(std::string_view name, const Json& value, std::vector<int32_t>& to) {
  if (!value.array()) return must(name, "must be a list of token ids", value);
  to.clear();
  to.reserve(value.array()->size());
  for (const Json& item : *value.array()) {
    const Json::Number* number = item.number();
    if (!number || !written_as_integer(number->text)) return must(name, "must contain only integers", item);
    const std::optional<int64_t> id = item.integer();
    if (!id || *id < 0 || *id > std::numeric_limits<int32_t>::max())
      return must(name, "must contain only token ids of the vocabulary", item);
    to.push_back(static_cast<int32_t>(*id));
  }
  return {};
}

}  // namespace quire
