// How --help shows the settings.
#include <algorithm>

#include "base/json.h"
#include "base/settings.h"

namespace quire {
namespace {

template <class... F>
struct Cases : F... {
  using F::operator()...;
};

std::string default_of(const SettingTarget& target) {
  return std::visit(Cases{[](const bool* v) { return std::string(*v ? "on" : "off"); },
                          [](const int32_t* v) { return std::to_string(*v); },
                          [](const uint64_t* v) { return std::to_string(*v); },
                          [](const std::string* v) { return *v; }, [](const auto*) { return std::string(); }},
                    target);
}

bool is_switch(const SettingTarget& t) {
  return std::holds_alternative<bool*>(t) || std::holds_alternative<std::optional<bool>*>(t);
}

void append_wrapped(std::string_view text, size_t indent, size_t column, size_t width, std::string& to) {
  while (!text.empty()) {
    const std::string_view word = text.substr(0, std::min(text.find(' '), text.size()));
    text.remove_prefix(std::min(word.size() + 1, text.size()));
    if (column > indent && column + word.size() + 1 > width) {
      to += '\n' + std::string(indent, ' ');
      column = indent;
    } else if (column > indent) {
      to += ' ', ++column;
    }
    to += word, column += word.size();
  }
  to += '\n';
}

}  // namespace

std::string describe_settings(std::span<const SettingGroup> groups) {
  constexpr size_t kIndent = 34, kWidth = 110;
  std::string text;
  for (const SettingGroup& group : groups) {
    text += '\n' + std::string(group.title) + ":\n";
    for (const Setting& s : group.settings) {
      const std::string standard = default_of(s.target);
      std::string left = is_switch(s.target) ? "  --[no-]" : "  --";
      left += s.name;
      if (!is_switch(s.target)) left += ' ' + std::string(s.choices.empty() ? s.value : s.choices);
      std::string sentence(s.sentence);
      if (!standard.empty()) sentence += " Default: " + standard + ".";
      if (left.size() + 2 > kIndent) left += '\n' + std::string(kIndent, ' ');
      else left.resize(kIndent, ' ');
      text += left;
      append_wrapped(sentence, kIndent, kIndent, kWidth, text);
    }
  }
  return text;
}

}  // namespace quire
