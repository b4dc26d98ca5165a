// Any bytes as a template: refused in words, or rendered within its bounds, with ranges that are in order.
#include <cstdint>

#include "base/utf8.h"
#include "text/jinja/template.h"

namespace quire::jinja {
namespace {

void check(std::string_view source) {
  const auto parsed = Template::parse(source);
  if (!parsed.ok()) {
    QUIRE_CHECK(!parsed.status().message().empty());
    return;
  }
  const auto messages = parse_json(
      R"([{"role":"user","content":"a<s>\u00e9 'q'"},{"role":"x","n":[1,1.0,null,true],"content":[{"type":"text"}]}])");
  const std::vector<Variable> variables = {{"messages", messages.value()},
                                           {"bos_token", Json("<s>"), false},
                                           {"tools", Json()},
                                           {"add_generation_prompt", Json(true)}};
  const auto made = parsed.value().render(variables, std::tm{}, {.steps = 20000, .output = 1 << 16});
  if (!made.ok()) return;
  const Rendering& r = made.value();
  QUIRE_CHECK(is_utf8(r.text));
  size_t end = 0;
  for (const TextRange& range : r.plain) {
    QUIRE_CHECK(range.begin >= end && range.begin < range.end && range.end <= r.text.size());
    end = range.end;
  }
}

}  // namespace
}  // namespace quire::jinja

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  quire::jinja::check(std::string_view(reinterpret_cast<const char*>(data), size));
  return 0;
}
