// Templates rendered and compared with what jinja2 made of them, byte for byte: the goldens beside this file.
// With --lines: {"template", "variables"} a line on standard input, {"text"} or {"error"} on standard output.
#include <cstdio>
#include <fstream>
#include <iostream>
#include <iterator>
#include <map>
#include <memory>
#include <string>

#include "base/json.h"
#include "text/jinja/template.h"

namespace quire {
namespace {

std::tm friday() {  // 26 July 2024, 13:05:09
  std::tm t{};
  t.tm_year = 124;
  t.tm_mon = 6;
  t.tm_mday = 26;
  t.tm_wday = 5;
  t.tm_yday = 207;
  t.tm_hour = 13;
  t.tm_min = 5;
  t.tm_sec = 9;
  return t;
}

Result<jinja::Rendering> render(const std::string& source, const Json* variables) {
  Result<jinja::Template> t = jinja::Template::parse(source);
  if (!t.ok()) return t.status();
  std::vector<jinja::Variable> all;
  if (variables && variables->object())
    for (const auto& [name, value] : *variables->object()) all.push_back({name, value});
  return t.value().render(all, friday());
}

std::string answer(const Result<jinja::Rendering>& r) {
  std::string line = r.ok() ? "{\"text\":" : "{\"error\":";
  append_json_string(r.ok() ? r.value().text : r.status().message(), line);
  return line + "}";
}

int answer_lines() {
  for (std::string line; std::getline(std::cin, line);) {
    const Result<Json> json = parse_json(line);
    const Json* source = json.ok() ? json.value().find("template") : nullptr;
    if (!source || !source->string()) {
      std::puts("{\"error\":\"the line is no {template, variables}\"}");
      continue;
    }
    std::puts(answer(render(*source->string(), json.value().find("variables"))).c_str());
  }
  return 0;
}

// Each line of FILE.jsonl: the template itself, or the name of one in templates.json; what is right: its
// text, or
// {"error": its own words or null}.
int64_t wrong_in(const std::string& name, const Json& templates, const Json& variables, int64_t& compared) {
  std::ifstream file(std::string(QUIRE_TEST_DATA) + "/text/jinja_goldens/" + name);
  int64_t wrong = 0;
  for (std::string line; std::getline(file, line); ++compared) {
    const Result<Json> json = parse_json(line);
    if (!json.ok()) return 1;
    const Json* source = json.value().find("template");
    if (const Json* by_name = json.value().find("name")) source = templates.find(*by_name->string());
    const Json* given = json.value().find("variables");
    if (given && given->string()) given = variables.find(*given->string());
    const Json *text = json.value().find("text"), *error = json.value().find("error");
    const Result<jinja::Rendering> r = render(*source->string(), given);
    bool same = text ? r.ok() && r.value().text == *text->string() : !r.ok();
    if (same && error && error->string()) same = r.status().message() == *error->string();
    if (same) continue;
    if (++wrong <= 20)
      std::fprintf(stderr, "%s: %s\n  got %s\n", name.c_str(), line.c_str(), answer(r).c_str());
  }
  return wrong;
}

int compare_goldens() {
  const std::string folder = std::string(QUIRE_TEST_DATA) + "/text/jinja_goldens/";
  const Result<Json> templates = read_json_file(folder + "templates.json");
  const Result<Json> variables = read_json_file(folder + "variables.json");
  if (!templates.ok() || !variables.ok()) {
    std::fprintf(stderr, "%s\n",
                 (templates.ok() ? variables.status() : templates.status()).message().c_str());
    return 1;
  }
  int64_t compared = 0, wrong = 0;
  for (const char* name : {"families.jsonl", "programs.jsonl"})
    wrong += wrong_in(name, templates.value(), variables.value(), compared);
  std::printf("%lld goldens compared, %lld differ\n", static_cast<long long>(compared),
              static_cast<long long>(wrong));
  return wrong == 0 && compared >= 500 ? 0 : 1;
}

}  // namespace
}  // namespace quire

int main(int argc, char** argv) {
  return argc == 2 && std::string(argv[1]) == "--lines" ? quire::answer_lines() : quire::compare_goldens();
}
