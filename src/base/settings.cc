#include "base/settings.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "base/human_size.h"
#include "base/json.h"
#include "base/nearest_word.h"

namespace quire {
namespace {

struct Word {  // one setting as somebody wrote it
  const Setting* setting = nullptr;
  std::string value;
  std::string as;  // how messages call it: "--max-num-seqs", "QUIRE_MAX_NUM_SEQS"
};

Status refuse(std::string message) { return {Code::kInvalidArgument, std::move(message)}; }

bool is_switch(const Setting& s) {
  return std::holds_alternative<bool*>(s.target) || std::holds_alternative<std::optional<bool>*>(s.target);
}

std::string shown(double v) {
  std::string text;
  if (v == std::round(v) && std::abs(v) < 1e15) return std::to_string(static_cast<int64_t>(v));
  append_json_number(v, text);
  return text;
}

std::string unknown(const std::string& key) { return ": unknown setting \"" + key + "\"."; }

std::string range_of(const Setting& s) {
  if (std::isinf(s.least) && std::isinf(s.most)) return "";
  if (std::isinf(s.most)) return " of at least " + shown(s.least);
  return " in [" + shown(s.least) + ", " + shown(s.most) + "]";
}

Status whole_number(const Word& w, double least, double most, int64_t& to) {
  const Setting& s = *w.setting;
  const std::optional<int64_t> v = parse_human_size(w.value);
  const double low = std::max(least, s.least), high = std::min(most, s.most);
  if (!v || static_cast<double>(*v) < low || static_cast<double>(*v) > high)
    return refuse(w.as + " must be a whole number" + range_of(s) + ", got \"" + w.value + "\".");
  if (s.check)
    if (Status why = s.check(*v); !why.ok())
      return refuse(w.as + " " + why.message() + ", got " + w.value + ".");
  to = *v;
  return {};
}

Status assign(const Word& w, bool& to) {
  const bool on = w.value == "true" || w.value == "1", off = w.value == "false" || w.value == "0";
  if (!on && !off) return refuse(w.as + " is a switch: true or false, got \"" + w.value + "\".");
  to = on;
  return {};
}
Status assign(const Word& w, int64_t& to) { return whole_number(w, -9.2e18, 9.2e18, to); }
Status assign(const Word& w, int32_t& to) {
  int64_t v = to;
  constexpr std::numeric_limits<int32_t> kRange;
  Status s = whole_number(w, kRange.min(), kRange.max(), v);
  to = static_cast<int32_t>(v);
  return s;
}
Status assign(const Word& w, uint64_t& to) {
  const char* end = w.value.data() + w.value.size();
  const auto [p, e] = std::from_chars(w.value.data(), end, to);
  if (e == std::errc() && p == end && p != w.value.data()) return {};
  return refuse(w.as + " must be a whole number of at most 64 bits, got \"" + w.value + "\".");
}
Status assign(const Word& w, double& to) {
  const char* end = w.value.data() + w.value.size();
  const auto [p, e] = std::from_chars(w.value.data(), end, to);
  if (e == std::errc() && p == end && std::isfinite(to) && to >= w.setting->least && to <= w.setting->most)
    return {};
  return refuse(w.as + " must be a number" + range_of(*w.setting) + ", got \"" + w.value + "\".");
}
Status assign(const Word& w, std::string& to) {
  const std::string_view choices = w.setting->choices;
  for (size_t at = 0; at < choices.size();) {
    const size_t bar = std::min(choices.find('|', at), choices.size());
    if (choices.substr(at, bar - at) == w.value) break;
    at = bar + 1;
    if (at >= choices.size())
      return refuse(w.as + " does not know \"" + w.value + "\"; known are " + std::string(choices) + ".");
  }
  to = w.value;
  return {};
}
Status assign(const Word& w, std::vector<std::string>& to) {
  to.push_back(w.value);
  return {};
}
template <class T>
Status assign(const Word& w, std::optional<T>& to) {
  T v{};
  if (Status s = assign(w, v); !s.ok()) return s;
  to = std::move(v);
  return {};
}

class Reader {
 public:
  explicit Reader(std::span<const SettingGroup> groups) {
    for (const SettingGroup& g : groups)
      for (const Setting& s : g.settings) settings_.push_back(&s);
  }

  const Setting* find(std::string_view name) const {
    auto it = std::ranges::find_if(settings_, [&](const Setting* s) { return s->name == name; });
    return it == settings_.end() ? nullptr : *it;
  }

  // " Did you mean --top-p?", or nothing.
  std::string hint(std::string_view name) const {
    std::vector<std::string_view> names;
    names.reserve(settings_.size());
    for (const Setting* s : settings_) names.push_back(s->name);
    const std::string_view near = nearest_word(name, names);
    return near.empty() ? " --help lists what there is." : " Did you mean --" + std::string(near) + "?";
  }

  // All of one source: a list that it sets replaces what an earlier source said.
  Status apply(std::span<const Word> words, Given& given) const {
    std::vector<const Setting*> begun;
    for (const Word& w : words) {
      if (auto* list = std::get_if<std::vector<std::string>*>(&w.setting->target)) {
        if (!std::ranges::count(begun, w.setting)) (*list)->clear();
        begun.push_back(w.setting);
      }
      if (Status s = std::visit([&](auto* to) { return assign(w, *to); }, w.setting->target); !s.ok())
        return s;
      given.used.emplace_back(w.setting->name, w.value);
    }
    return {};
  }

  Result<std::vector<Word>> split(std::span<const std::string> arguments, Given& given) const {
    std::vector<Word> words;
    for (size_t i = 0; i < arguments.size(); ++i) {
      const std::string& a = arguments[i];
      if (a == "--help" || a == "-h") {
        given.help = true;
        return words;
      }
      if (a == "--") {
        given.positionals.insert(given.positionals.end(), arguments.begin() + static_cast<long>(i) + 1,
                                 arguments.end());
        break;
      }
      if (a.size() < 2 || a[0] != '-') {
        given.positionals.push_back(a);
        continue;
      }
      const size_t dashes = a.starts_with("--") ? 2 : 1, equals = std::min(a.find('='), a.size());
      std::string name = a.substr(dashes, equals - dashes);
      std::ranges::replace(name, '_', '-');
      const Setting* s = dashes == 2 ? find(name) : nullptr;
      const bool no = !s && dashes == 2 && name.starts_with("no-");
      if (no) s = find(std::string_view(name).substr(3));
      if (!s || (no && (!is_switch(*s) || equals < a.size())))
        return refuse("unknown flag " + a.substr(0, equals) + "." + hint(no ? name.substr(3) : name));
      Word w{s, "", "--" + name};
      if (equals < a.size()) w.value = a.substr(equals + 1);
      else if (is_switch(*s)) w.value = no ? "false" : "true";
      else if (i + 1 < arguments.size()) w.value = arguments[++i];
      else
        return refuse(w.as + " needs a value: " + std::string(s->choices.empty() ? s->value : s->choices) +
                      ".");
      words.push_back(std::move(w));
    }
    return words;
  }

  Result<std::vector<Word>> from_file(const std::string& path) const {
    Result<Json> json = read_json_file(path, int64_t{1} << 20);
    if (!json.ok()) return json.status();
    if (!json.value().object()) return refuse(path + ": is not a JSON object of settings.");
    std::vector<Word> words;
    for (const auto& [key, value] : *json.value().object()) {
      std::string name = key;
      std::ranges::replace(name, '_', '-');
      const Setting* s = find(name);
      if (!s || s->inline_only) return refuse(path + unknown(key) + hint(name));
      const bool list = value.array() && std::holds_alternative<std::vector<std::string>*>(s->target);
      const Json::Array alone = {value};
      for (const Json& v : list ? *value.array() : alone) {
        Word w{s, "", path};
        w.as.append(": ").append(key);
        if (v.string()) w.value = *v.string();
        else append_json(v, w.value);
        words.push_back(std::move(w));
      }
    }
    return words;
  }

  std::vector<Word> from_environment(const Environment& environment) const {
    std::vector<Word> words;
    for (const Setting* s : settings_) {
      if (s->inline_only) continue;
      std::string name = "QUIRE_" + std::string(s->name);
      for (char& c : name) c = c == '-' ? '_' : c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
      if (const char* value = environment(name.c_str())) words.push_back({s, value, name});
    }
    return words;
  }

 private:
  std::vector<const Setting*> settings_;
};

}  // namespace

Result<Given> read_settings(std::span<const SettingGroup> groups, std::span<const std::string> arguments,
                            const Environment& environment) {
  const Reader reader(groups);
  Given given;
  Result<std::vector<Word>> flags = reader.split(arguments, given);
  if (!flags.ok()) return flags.status();
  if (given.help) return given;
  for (const Word& w : flags.value())
    if (w.setting->name == "config") {
      Result<std::vector<Word>> file = reader.from_file(w.value);
      if (!file.ok()) return file.status();
      if (Status s = reader.apply(file.value(), given); !s.ok()) return s;
    }
  if (Status s = reader.apply(reader.from_environment(environment), given); !s.ok()) return s;
  if (Status s = reader.apply(flags.value(), given); !s.ok()) return s;
  return given;
}

}  // namespace quire
