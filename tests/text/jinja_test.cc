// The interpreter's own promises: errors with places, bounds that hold, the origin of every byte. What it
// renders is compared with jinja2 in jinja_goldens_main.cc.
#include <doctest/doctest.h>

#include <string>

#include "tests/text/hostile.h"
#include "text/jinja/template.h"

namespace quire::jinja {
namespace {

Json json(std::string_view text) {
  Result<Json> v = parse_json(text);
  REQUIRE(v.ok());
  return std::move(v).value();
}

Result<Rendering> render(std::string_view source, std::vector<Variable> variables = {}) {
  Result<Template> t = Template::parse(source);
  if (!t.ok()) return t.status();
  return t.value().render(variables, std::tm{});
}
std::string error_of(std::string_view source) {
  const auto r = render(source);
  return r.ok() ? "no error: " + r.value().text.substr(0, 100) : r.status().message();
}
bool refused(std::string_view source, std::string_view why) {
  const std::string error = error_of(source);
  INFO(error);
  return error.find(why) != std::string::npos;
}
TEST_CASE("errors say line and column; a template's own words are the whole message") {
  CHECK(error_of("a\n  {{ b.c }}") == "chat template, line 2, column 7: 'b' is undefined");
  CHECK(error_of("\u00e9{{ 1 + }}") ==
        "chat template, line 1, column 9: unexpected '}}' (end of print statement)");
  CHECK(error_of("{% if x %}") ==
        "chat template, line 1, column 11: Unexpected end of template. Jinja was looking for 'elif'.");
  CHECK(error_of("{% for i in [1] %}\n{{ 1 // 0 }}{% endfor %}")
            .starts_with("chat template, line 2, column 6: "));
  CHECK(error_of("{{ raise_exception('Only ' ~ 1) }}") == "Only 1");
}

TEST_CASE("nesting, steps, calls and bytes are bounded") {
  for (const char* open : {"(", "[", "{", "not ", "-", "x[", "f(", "a.b(", "1 if ", "{% if x %}", "{{ x|f("})
    for (const int times : {200, 100000}) {
      const std::string body = repeated(open, times);
      CHECK(!render(open[0] == '{' && open[1] ? body : "{{ " + body + " }}").ok());
    }
  CHECK(refused("{{ " + repeated("(", 101) + "1" + repeated(")", 101) + " }}", "nested deeper than 100"));
  CHECK(render("{{ " + repeated("(", 45) + "1" + repeated(")", 45) + " }}").ok());
  CHECK(refused("{{ 1" + repeated(" + 1", 100000) + " }}", "nested deeper than"));
  CHECK(refused("{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}", "too deeply"));
  CHECK(refused("{% macro m(x) %}{% call m(1) %}{{ caller() }}{% endcall %}{% endmacro %}{{ m(1) }}",
                "too deeply"));
  const std::string loop = "{% for a in range(99999) %}";
  CHECK(refused(loop + loop + "{% endfor %}{% endfor %}", "more than 5000"));
  CHECK(refused(loop + "{{ 'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxx' }}{% endfor %}", "text of more than"));
  CHECK(refused("{{ 'x' * 1000000000000 }}", "text of more than"));
  CHECK(refused("{{ [1, 2] * 1000000000000 }}", "steps"));
  CHECK(refused("{{ '%1000000000d' % 1 }}", "text of more than"));
  CHECK(refused("{{ '%.999999999f' % 1.5 }}", "at most 10000"));
  CHECK(refused("{{ '{:>1000000000}'.format(1) }}", "text of more than"));
  CHECK(refused("{{ 'x'.center(1000000000) }}", "text of more than"));
  CHECK(refused("{{ range(1000000000) }}", "Range too big"));
  CHECK(refused(
      "{% set ns = namespace(s='xxxxxxxx', l=[]) %}" + loop + "{% set ns.s = ns.s ~ ns.s %}{% endfor %}",
      "text of more"));
  CHECK(refused("{% set ns = namespace(l=[]) %}" + loop + "{% set ns.l = [ns.l] %}{% endfor %}",
                "nested deeper"));
  CHECK(
      refused("{% set ns = namespace(l=[]) %}" + loop + "{% set ns.l = ns.l + ['x' * 1000000] %}{% endfor %}",
              "holds more than"));
  CHECK(refused("{% set n = namespace() %}{% set n.n = n %}{{ n }}", "too deeply"));
  CHECK(refused("{{ 10 ** 5000 }}", "more than 4300 digits"));
  CHECK(refused("{{ (10 ** 4000) ** (10 ** 4000) }}", "more than 4300 digits"));
  CHECK(refused("{{ ('<' * 1000000)|e }}", "text of more"));
  CHECK(refused("{{ ('www.a.org ' * 90000)|urlize }}", "text of more"));
  CHECK(refused("{{ ('a ' * 400000)|wordwrap(1, wrapstring='xxxx') }}", "text of more"));
  CHECK(
      refused("{% set ns = namespace(d={}) %}{% for a in range(99) %}{% set ns.d = {'x' * 9999: ns.d, 'y': "
              "1} %}{% endfor %}"
              "{{ ns.d|pprint|length }}",
              "text of more"));
  CHECK(render("{{ ('-' * 900000)|wordwrap(9)|length }}{{ ('a-' * 400000)|wordwrap(9)|length }}").ok());
  CHECK(render("{{ ('&' * 900000)|striptags|length }}{{ ('<' * 900000)|striptags|length }}").ok());
  CHECK(render("{{ ('(' * 900000 ~ ')' * 90000)|urlize|length }}").ok());
  CHECK(refused("{{ 'ab'.replace('', 'x' * 1000000).replace('x', 'yyyyyyyy') }}", "text of more"));
}

TEST_CASE("the sandbox: nothing changes a value, nothing reaches inside Python") {
  CHECK(refused("{{ [1].append(2) }}", "unsafe"));
  CHECK(refused("{{ {}.update({}) }}", "unsafe"));
  CHECK(refused("{{ ''.__class__.__mro__ }}", "unsafe"));
  CHECK(refused("{% set n = namespace() %}{% set n._x = 1 %}", "underscore"));
  CHECK(refused("{% include 'x' %}", "not supported"));
  CHECK(refused("{{ x|nothing }}", "No filter named 'nothing'"));
  CHECK(render("{{ ''.__class__ }}").value().text.empty());
}

TEST_CASE("every byte keeps its origin") {
  const auto plain = [](std::string_view source) {
    const auto r = render(
        source, {{"c", json(R"("a<s>B")")}, {"t", json(R"("T")"), false}, {"d", json(R"({"k":["x","y"]})")}});
    REQUIRE_MESSAGE(r.ok(), r.status().message());
    std::string marked;
    size_t at = 0;
    for (const TextRange& range : r.value().plain) {
      CHECK(range.begin < range.end);
      marked += r.value().text.substr(at, range.begin - at) + "«" +
                r.value().text.substr(range.begin, range.end - range.begin) + "»";
      at = range.end;
    }
    return marked + r.value().text.substr(at);
  };
  CHECK(plain("<s>{{ c }}{{ t }}") == "<s>«a<s>B»T");
  CHECK(plain("{{ '<' ~ c ~ '>' + c[1:4] + c[::-1] }}") == "<«a<s>B»>«<s>B>s<a»");
  CHECK(plain("{{ (t + c)|upper }}{{ (t + c).lower() }}") == "T«A<S>B»t«a<s>b»");
  CHECK(plain("{{ c|replace('s', '/s') }}{{ 'xsx'|replace('s', c) }}") == "«a<»/s«>B»x«a<s>B»x");
  CHECK(plain("{{ c.split('<')|join('-') }}{{ ['t', c]|join(c) }}") == "«a»-«s>B»t«a<s>Ba<s>B»");
  CHECK(plain("{{ '%s|%5s' % (c, t) }}{{ '{}{x}'.format(t, x=c) }}") == "«a<s>B»|    TT«a<s>B»");
  CHECK(plain("{{ d }}{{ d|tojson }}") == "{'«k»': ['«x»', '«y»']}{\"«k»\": [\"«x»\", \"«y»\"]}");
  CHECK(plain("{% set x %}<{{ c }}>{% endset %}{{ x|trim|title }}") == "<«A<S>b»>");
  CHECK(plain("{% macro m(y) %}[{{ y }}]{% endmacro %}{{ m(c) }}{% filter upper %}t{{ c }}{% endfilter %}") ==
        "[«a<s>B»]T«A<S>B»");
  CHECK(plain("{{ (t ~ c)|wordwrap(2) }}|{{ (c ~ t)|striptags }}|{{ {'k': c}|xmlattr }}") ==
        "T«a»\n«<s»\n«>B»|«aB»T| k=\"«a&lt;s&gt;B»\"");
  CHECK(plain("{{ [c]|pprint }}{{ ('www.a.org ' ~ c)|urlize }}{{ '<'|e + c }}") ==
        "['«a<s>B»']<a href=\"https://www.a.org\" rel=\"noopener\">www.a.org</a> "
        "«a&lt;s&gt;B»&lt;«a&lt;s&gt;B»");
  CHECK(plain("{{ c|list|last }}{{ c|first }}{{ c * 2 }}{{ c|e }}") == "«Baa<s>Ba<s>Ba&lt;s&gt;B»");
}

TEST_CASE("names are where jinja2 has them") {
  const std::vector<Variable> v = {{"x", json("1")}};
  const auto text = [&](std::string_view source) { return render(source, v).value().text; };
  CHECK(text("{% for i in [1, 2] %}[{{ x }}]{% endfor %}{% set x = 2 %}{{ x }}") == "[][]2");
  CHECK(text("{% if false %}{% set x = 2 %}{% endif %}{{ x }}") == "1");
  CHECK(text("{% for i in [1, 2] %}{{ x }}{% set x = i + 5 %}{{ x }}{% endfor %}{{ x }}") == "16171");
  CHECK(text("{% set x = 3 %}{% block b %}{{ x }}{% set x = 4 %}{% endblock %}{{ x }}") == "33");
  CHECK(text("{% macro m(a=b, b=2) %}{{ a }}{{ b }}{% endmacro %}{{ m() }}|{{ m(b=x) }}") == "2|11");
  CHECK(refused("{% for i in [1] %}{% set loop = 1 %}{% endfor %}", "special loop variable"));
  CHECK(refused("{% block b %}{% endblock %}{% block b %}{% endblock %}", "defined twice"));
}

TEST_CASE("numbers as the request wrote them") {
  const std::vector<Variable> v = {{"n", json("[1, 1.0, 12345678901234567890123, -0.0, 1e300]")}};
  CHECK(render("{{ n }}{{ n|tojson }}", v).value().text ==
        "[1, 1.0, 12345678901234567890123, -0.0, 1e+300][1, 1.0, 12345678901234567890123, -0.0, 1e+300]");
}

}  // namespace
}  // namespace quire::jinja
