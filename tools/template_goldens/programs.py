"""Small random programs over what chat templates use: filters, tests, methods, slices, loops, scopes, macros.
The same seed gives the same programs."""
import random

VARIABLES = {
    "plain": {
        "s": "Hello, World", "u": "Grüße 日本 ñ ß", "e": "", "w": "  pad\tded \n line\n\n", "n": 7, "z": 0, "neg": -3, "f": 2.5,
        "g": 1e20, "h": 0.1, "t": True, "no": None, "l": [3, 1, 2], "ls": ["b", "A", "c", "a"], "el": [],
        "mixed": [1, 1.0, "1", True, None, [2]], "d": {"b": 2, "a": 1, "items": "own", "é": "ü"}, "ed": {},
        "rows": [{"k": "x", "v": 3, "o": {"p": 1}}, {"k": "y", "v": 1, "o": {"p": 2}}, {"k": "X", "v": 2}],
        "messages": [{"role": "system", "content": "Be <b>good</b> & \"kind\"."},
                     {"role": "user", "content": "Hi 'there' \\ \n new"},
                     {"role": "assistant", "content": None,
                      "tool_calls": [{"function": {"name": "f", "arguments": {"x": 1, "y": 1.0, "z": [True, None]}}}]}],
        "html": "<p class=\"a\">Fish &amp; chips</p> <!-- no -->\n 1 < 2 &eacute;<br/>",
        "url": "Go to https://example.com/a?b=c&d, (www.test.org) or mail me@example.co.uk.",
        "long": "The quick-brown fox -- it's 42 years old -- jumps over the lazy dog's  well-known back;\nthen\tsleeps. Antidisestablishmentarianism",
        "deep": {"z": [{"name": "get_weather", "description": "The weather of a place, of any place that there is.", "n": [1, 2.5, None]}], "a": {"k": ["x" * 30] * 3}},
        "big": 123456789012345678901234567890, "nested": [[1, 2], [3, [4, 5]]],
    }
}
NAMES = ["s", "u", "e", "w", "n", "z", "neg", "f", "g", "h", "t", "no", "l", "ls", "el", "mixed", "d", "ed", "rows",
         "messages", "nested", "missing", "deep", "html", "long"]
TEXTS = ["s", "u", "e", "w", "'a-b-c'", "'  x '", "'ab' * 3", "'%s and %s'", "'titLE caSE x1y'", "\"it's\"", "'1,234'"]
PAGES = ["html", "url", "long", "html ~ url", "messages[0].content", "'&lt;b&gt; &amp &#65;&#x1F600;&nosuch; &copy2 &#128;&#0;'",
         "'(see https://a.org/x?y=1). mailto:me@b.co, you@x.net <www.c.info>'", "'well-known e-mail--address -x --y a-b-c d--e'", "long * 2",
         "'http://1.2.3.4:80/a http://[::1]/ ftp://x tel:5 @a@b a@b x.com:99999 HTTP://A.COM/(b)'"]
LISTS = ["l", "ls", "el", "mixed", "rows", "messages", "nested", "[1, 2, 3, 4, 5]", "range(6)", "(1, 'a')", "'abc'|list",
         "d.keys()|list", "d.values()|list", "range(10, 0, -3)", "rows|map(attribute='k')|list"]
NUMBERS = ["n", "z", "neg", "f", "h", "3", "-2", "0.5", "10", "7.0", "1e3", "100000000000000000.0", "2 ** 10", "t", "big", "7 ** 40", "-(2 ** 63)"]
DICTS = ["d", "ed", "deep", "rows[0]", "messages[2]", "{'q': 1, 2: 'two'}", "dict(a=1, b=[2])", "{'k': {'kk': none}}"]
TESTS = ["defined", "undefined", "none", "string", "number", "integer", "float", "boolean", "true", "false", "mapping",
         "sequence", "iterable", "odd", "even", "lower", "upper", "divisibleby(2)", "divisibleby 3", "in [1, 'a', none]", "boolean(1)", "defined()", "none not",
         "eq 3", "ne(1)", "gt 1", "lt(2)", "ge 0", "sameas none", "callable", "in 'Hello'", "equalto 'x'"]


class Maker:
    def __init__(self, seed):
        self.r = random.Random(seed)

    def pick(self, options):
        return self.r.choice(options)

    def text(self):
        r = self.r.random()
        if r < 0.08:
            return self.pick(PAGES)
        if r < 0.5:
            return self.pick(TEXTS)
        return f"({self.pick(TEXTS)}){self.text_method()}" if r < 0.75 else f"({self.any()}|string)"

    def number(self, depth=5):
        if depth == 0 or self.r.random() < 0.6:
            return self.pick(NUMBERS)
        return f"({self.number(depth - 1)} {self.pick(['+', '-', '*', '/', '//', '%'])} {self.number(depth - 1)})"

    def list(self):
        return self.pick(LISTS)

    def any(self):
        r = self.r.random()
        if r < 0.3:
            return self.pick(NAMES)
        return self.pick([self.pick(TEXTS), self.pick(LISTS), self.pick(NUMBERS), self.pick(DICTS), "true", "none"])

    def index(self):
        def part():
            return self.pick(["", "", "0", "1", "2", "-1", "-2", "5", "-7", "n", "none"])
        if self.r.random() < 0.4:
            return f"[{self.pick(['0', '1', '-1', '-2', '9', 'n'])}]"
        step = self.pick(["", "", ":" + self.pick(["", "1", "2", "-1", "-2", "3"])])
        return f"[{part()}:{part()}{step}]"

    def text_method(self):
        lit = self.pick(["'l'", "'a'", "' '", "'-'", "'ß'", "'xyz'", "'o, '"])
        return "." + self.pick([
            "upper()", "lower()", "title()", "capitalize()", "swapcase()", "strip()", "lstrip()", "rstrip()",
            f"strip({lit})", f"rstrip({lit})", f"split({lit})", "split()", f"split({lit}, 1)", f"rsplit({lit}, 1)",
            "rsplit(none, 1)", "split(none, 1)", "splitlines()", "splitlines(true)", f"partition({lit})",
            f"rpartition({lit})", f"replace({lit}, 'Z')", f"replace({lit}, '', 1)", "replace('', '.')",
            f"startswith({lit})", f"endswith({lit})", "startswith(('H', ' '))", f"find({lit})", f"rfind({lit}, 1)",
            f"index({lit})", f"count({lit})", "count('')", "isdigit()", "isalpha()", "isalnum()", "isspace()", "isupper()",
            "islower()", "istitle()", "isidentifier()", "isnumeric()", "zfill(14)", "center(20, '*')", "center(15)",
            "ljust(14, '.')", "rjust(14)", f"removeprefix({lit})", f"removesuffix({lit})", f"join(ls)", "expandtabs(4)",
            "format(1, 'b')", "isascii()", "nothing()", "casefold()", f"find({lit}, -3, -1)"])

    def filter(self):
        return "|" + self.pick([
            "upper", "lower", "title", "capitalize", "trim", "trim('H ')", "length", "count", "first", "last", "list", "string",
            "int", "int(5)", "float", "float(0.5)", "abs", "round", "round(1)", "round(2, 'floor')", "round(0, 'ceil')", "sum",
            "join", "join(', ')", "join('-', attribute='k')", "sort", "sort(reverse=true)", "sort(attribute='v')",
            "sort(case_sensitive=true)", "reverse|list", "unique|list", "min", "max", "default('D')", "default('D', true)",
            "d(1)", "replace('l', 'L')", "replace('a', 'b', 1)", "indent", "string|indent(2, true)", "indent('> ', blank=true)",
            "tojson", "tojson(indent=2)", "tojson(sort_keys=true)", "tojson(ensure_ascii=true)", "tojson(indent=1, separators=(',', ':'))",
            "tojson(separators=(',', ':'))", "items|list", "dictsort", "dictsort(reverse=true)", "dictsort(by='value')",
            "map('upper')|list", "map('string')|join('|')", "map(attribute='v')|list", "map(attribute='o.p', default=0)|list",
            "select|list", "select('number')|list", "reject('none')|list", "select('gt', 1)|list", "selectattr('o')|list",
            "selectattr('v', 'gt', 1)|map(attribute='k')|list", "rejectattr('v', 'equalto', 1)|list",
            "selectattr('role', 'equalto', 'user')|list|length", "batch(2)|list", "batch(2, 'f')|list", "slice(2)|list",
            "slice(3, 'f')|list", "truncate(9)", "truncate(6, true)", "truncate(8, false, '!', 0)", "wordcount", "center(16)",
            "escape", "e", "format(1, 2)", "groupby('v')|map('first')|list", "groupby('v')|map(attribute='grouper')|list", "groupby('k')|map(attribute='list')|list",
            "groupby('k', case_sensitive=true)", "groupby('o', default='none')", "groupby('v')|first", "urlencode", "attr('k')", "max(attribute='v')",
            "sum(attribute='v')", "safe", "upper|lower|title", self.printing_filter(), self.printing_filter(), self.lazy_filter()])

    def lazy_filter(self):
        """What goes wrong in a generator is said when it is reached."""
        some = self.pick(["map('abs')", "select('gt', 1)", "selectattr('v', 'gt', 1)", "map(attribute='o.p')", "unique", "batch(2)", "slice(2)", "items", "reject('odd')",
                          "map('first')", "map('upper')", "map('nothing')", "map(attribute='k')|map('upper')", "reverse", "select('in', 'abc')"])
        return some + self.pick(["|first", "|first", " is iterable", "|list", "|map('string')|first", "|join", "|select|first", "|map('string')|join('|')",
                                 " is sequence", "|length", "|last", "|sort", "|unique|first", "|tojson", "|batch(1)|first|list"])

    def printing_filter(self):
        """Filters about layout, HTML and addresses."""
        flag = self.pick(["true", "false"])
        return self.pick([
            "pprint", "pprint", "striptags", "forceescape", "escape|e", "e|string", "safe|e", "wordwrap", f"wordwrap({self.r.randint(1, 30)})",
            f"wordwrap({self.r.randint(1, 12)}, {flag})", f"wordwrap({self.r.randint(3, 20)}, {flag}, '|', {flag})", "filesizeformat",
            f"filesizeformat({flag})", "int|filesizeformat", "xmlattr", f"xmlattr({flag})", "urlize", f"urlize({self.r.randint(5, 30)}, {flag})",
            "urlize(target='_blank', rel='b a')", "urlize(extra_schemes=['tel:', 'ftp://'])", "string|pprint", "string|striptags", "string|wordwrap(9)",
            "string|urlize"])

    def markup(self):
        """What is put to a text that is HTML already is escaped."""
        a, b = (f"({self.pick(TEXTS + PAGES)})" for _ in range(2))
        m = a + self.pick(["|e", "|safe", "|escape"])
        return self.pick([
            f"({m}){self.text_method()}", f"({m}){self.filter()}", f"{m} + {b}", f"{b} + {m}", f"({m} + {b}) ~ {m}", f"[{m}, {b}]", f"{m} is escaped",
            f"({m}) * 2", f"({m}){self.index()}", f"{m} % {b}", f"('<%s> %r %5s' |safe) % ({m}, {b}, {self.any()})", f"('%d %.2f'|e) % ({self.number()}, n)",
            f"('<{{}}> {{!r}} {{:>3}}'|safe).format({m}, {b}, {self.number()})", f"('<br>'|safe).join([{m}, {b}, {self.any()}])", f"[{m}, {b}]|join('<')",
            f"({m}).replace('l', '<')", f"({b}).replace('l', {m})", f"({m})|replace('l', '<')", f"({m}).split('l')", f"({m}).partition('l')|pprint",
            f"{{{m}: {m}}}", f"({m}).center(30, '<')", f"({b})|truncate(6, true, {m}, 0)", f"({m})|truncate(6, true, '<', 0)", f"{m} == {b}",
            f"({m})|indent", f"({m})|last", f"({m})|first", f"({m})|list", f"{m} in [{b}]", f"{b} in {m}", f"'%s' % {m}|e", f"({m})|upper|string|pprint"])

    def expression(self, depth=2):
        r = self.r.random()
        if depth == 0 or r < 0.1:
            return self.any()
        sub = lambda: self.expression(depth - 1)  # noqa: E731
        if r < 0.22:
            return f"({self.text()}){self.text_method()}"
        if r < 0.50:
            return f"({sub()}){self.filter()}"
        if r < 0.58:
            return f"({self.pick([self.text(), self.list()])}){self.index()}"
        if r < 0.68:
            op = self.pick(["+", "-", "*", "/", "//", "%", "**"])
            right = self.pick(["2", "n", "z", "neg", "f", "0.5", "3", "t", "-2", "10"]) if op == "**" else self.number()  # so that it ends
            return f"{self.number()} {op} {right}"
        if r < 0.73:
            return f"{sub()} {self.pick(['==', '!=', '<', '>', '<=', '>=', 'in', 'not in', 'and', 'or'])} {sub()}"
        if r < 0.80:
            return f"({sub()}) is {self.pick(['', 'not '])}{self.pick(TESTS)}"
        if r < 0.84:
            return f"{sub()} ~ {sub()} ~ {self.number()}"
        if r < 0.88:
            return f"{sub()} if {sub()} else {sub()}"
        if r < 0.90:
            return f"{sub()} if {sub()}"
        if r < 0.93:
            return f"({self.pick(DICTS)})" + self.pick([".items()|list", ".keys()|list", ".values()|list", ".get('a')", ".get('zz', 9)",
                                                     ".a", "['a']", ".items is callable", "['items'] is string", ".pop('a')", ".x.y", "['x']", ".q", "[2]"])
        if r < 0.945:
            return self.markup()
        if r < 0.96:
            return f"{self.pick(['-', 'not ', '+'])}{self.number()} {self.pick(['~', '-', '*', '<'])} {self.number()}"
        return self.pick([f"'%s|%r|%5s' % ({self.any()}, {self.any()}, {self.number()})", f"'%d %05.2f %x' % (n, {self.number()}, 255)",
                          f"'%-8s|%+d|%e|%g' % (s, {self.pick(NUMBERS)}, h, g)", f"'{{}} {{:>6}} {{!r}}'.format({self.number()}, s, {self.any()})",
                          f"'{{:08.3f}}|{{:,}}|{{:^9}}|{{:+d}}'.format({self.number()}, 1234567, 'x', n)", f"'{{a}} {{b[0]}}'.format(a=1, b=l)",
                          f"[{sub()}, {sub()}] + [{self.number()}]", f"{{'k': {sub()}, {self.number()}: {self.any()}}}",
                          f"({sub()}, {sub()})", f"{self.list()} * 2", f"{self.pick(NUMBERS)} in ({self.list()}|map('abs'))", f"({self.list()}|select('gt', 1)) and 'lazy'", f"1 < {self.number()} <= 7",
                          f"{self.pick(['-2', '-2.5', '-n', '(1 - 3)', '-(2)', '-2|abs', '-0.0', 'neg'])} ** {self.pick(['n', '2', 'z', 'f', 'l|length', 'neg', 't'])}", "2 ** 3 ** 2", "-7 // 2 ~ -7 % 3 ~ 7 % -3",
                          "7.5 // 2 ~ -7.5 % 2", "big", "big|string", "strftime_now('%d %b %Y %A %H:%M')", "raise_exception('no ' ~ s)"])

    def name(self):
        """Of a variable that is set: often one that the request has, too."""
        return self.pick(["x", "y", "v", "acc", "x", "acc", "s", "n", "l", "d", "rows", "no", "i"])

    def scope(self, depth):
        """Statements about which value a name has where."""
        x, y = self.name(), self.name()
        show = f"[{{{{ {x} }}}}]"
        value = self.pick(["1", f"{x} ~ 'c'", f"[{y}]", "loop.index", "s", f"{y}", self.expression(1)])
        setting = self.pick([f"{{% set {x} = {value} %}}", f"{{% set {x} %}}{{{{ {y} }}}}.{{% endset %}}", f"{{% set {x}, {y} = {y}, 2 %}}",
                             f"{{% set {x} | upper %}}b{{{{ {x} }}}}{{% endset %}}", f"{{% set {x} | replace('a', {y}) %}}banana{{% endset %}}"])
        part = lambda: self.pick([show, show, setting, setting, self.scope(depth - 1) if depth > 0 else show])  # noqa: E731
        body = "".join(part() for _ in range(self.r.randint(1, 3)))
        return self.pick([
            f"{{% for i in {self.pick(['l', '[1, 2]', 'ls', '[]'])} %}}{body}{{% else %}}{part()}{{% endfor %}}",
            f"{{% for {x} in l if {x} != 3 %}}{body}{{% endfor %}}", f"{{% for {x}, {y} in d.items() %}}{body}{{% endfor %}}",
            f"{{% if {self.pick(['n', 'z', x, f'{x} is defined', 'loop is defined'])} %}}{body}{{% elif {y} %}}{part()}{{% else %}}{part()}{{% endif %}}",
            f"{{% with %}}{body}{{% endwith %}}", f"{{% with {x} = {y}, {y} = {x} %}}{body}{{% endwith %}}",
            f"{{% macro f({self.pick(['', x, f'{x}={y}', f'{x}={y}, {y}={x}', f'{x}, {y}=s'])}) %}}{body}{{% endmacro %}}{part()}" + self.pick(["{{ f() }}", "{{ f(9) }}", f"{{{{ f({y}=1) }}}}"]) + part(),
            f"{{% macro g() %}}{{{{ caller({self.pick(['', '5'])}) }}}}{show}{{% endmacro %}}{{% call{self.pick(['', f'({y}=7)', f'({y})'])} g() %}}{body}{{% endcall %}}",
            f"{{% block {self.pick(['b', 'c'])}{self.r.randint(0, 10 ** 6)} {self.pick(['', 'scoped', 'scoped'])} %}}{body}{{% endblock %}}",
            f"{{% for i in l|map('{self.pick(['abs', 'upper', 'first'])}') %}}{body}{self.pick(['', '{% break %}', '{% continue %}'])}{{% endfor %}}",
            f"{{% filter upper %}}{body}{{% endfilter %}}", f"{{% filter {self.pick(['length', 'first', 'list', 'd(1)'])} %}}{body}{{% endfilter %}}", f"{{% generation %}}{body}{{% endgeneration %}}",
            f"{{% set ns = namespace({x}={y}) %}}{{% for i in l %}}{{% set ns.{x} = ns.{x} ~ i %}}{part()}{{% endfor %}}{{{{ ns.{x} }}}}",
            f"{{% set ns = namespace() %}}{{% for i in [1, 2] %}}{setting}{{% macro h() %}}{show if x != 'i' else ''}{{% endmacro %}}{{% set ns.h = h %}}{{{{ ns.h() }}}}{{% endfor %}}{{{{ ns.h() }}}}",
            f"{{% for i in l recursive %}}{body}{{% if i is number and i > 2 %}}{{{{ loop([{x}]) }}}}{{% endif %}}{{% endfor %}}"]) + part()

    def statement(self, depth=2):
        r = self.r.random()
        x = self.name()
        ws = lambda: (self.pick(["", "", "", "-", "+"]), self.pick(["", "", "", "-"]))  # noqa: E731
        nl = self.pick(["", "", "\n", " \n", "\n  "])
        a, b = ws()
        if depth == 0 or r < 0.3:
            a = "-" if a == "-" else ""
            return f"{{{{{a} {self.expression()} {b}}}}}" + nl
        body = lambda: "".join(self.statement(depth - 1) for _ in range(self.r.randint(1, 2)))  # noqa: E731
        if r < 0.36:
            return self.scope(2)
        if r < 0.47:
            return f"{{%{a} set {x} = {self.expression()} {b}%}}{nl}[{{{{ {x} }}}}]"
        if r < 0.60:
            loop = self.pick(["{{ loop.index }}/{{ loop.length }} ", "{{ loop.first }}{{ loop.last }} ", "{{ loop.revindex0 }}", "",
                              "{{ loop.cycle('a', 'b') }}", "{{ loop.previtem }}>{{ loop.nextitem }} ", "{{ loop.changed(i) }}",
                              "{% if loop.index0 == 1 %}{% continue %}{% endif %}", "{% if loop.index > 2 %}{% break %}{% endif %}"])
            cond = self.pick(["", "", " if i", " if i is not none", " if loop is undefined"])
            other = self.pick(["", f"{{% else %}}none{nl}"])
            return f"{{%{a} for i in {self.list()}{cond} {b}%}}{nl}{loop}{{{{ i }}}}{body()}{other}{{% endfor %}}"
        if r < 0.70:
            return f"{{%{a} if {self.expression()} {b}%}}{nl}A{body()}{{% elif {self.expression()} %}}B{{% else %}}C{body()}{{% endif %}}{nl}"
        if r < 0.76:
            return (f"{{% macro m({x}, k={self.expression(1)}, *z) %}}" if self.r.random() < 0.05 else f"{{% macro m({x}, k={self.expression(1)}) %}}") + \
                f"<{{{{ {x} }}}}:{{{{ k }}}}{self.pick(['', '{{ varargs }}', '{{ kwargs }}', '{{ caller() }}'])}>{{% endmacro %}}" + \
                self.pick(["{{ m(1) }}{{ m(k=s) }}", "{{ m(1, 2, 3) }}", "{{ m(1, q=2) }}", "{% call m(2) %}in {{ s }}{% endcall %}",
                           "{{ m() ~ m.name ~ m.arguments }}"])
        if r < 0.82:
            return f"{{% set ns = namespace(a=0, l=[]) %}}{{% for i in {self.list()} %}}{{% set ns.a = i %}}{{% set ns.l = ns.l + [loop.index] %}}{{% set {x} = i %}}{{% endfor %}}{{{{ ns.a }}}}{{{{ ns.l }}}}{{{{ {x} }}}}"
        if r < 0.86:
            return f"{{% set {x} %}}{nl}{body()}{{% endset %}}<{{{{ {x}|trim }}}}>"
        if r < 0.89:
            return f"{{% filter {self.filter()[1:].split('|')[0]} %}}{body()}{{% endfilter %}}"
        if r < 0.92:
            return f"{{% with {x} = {self.expression(1)}, q = {x} %}}{{{{ {x} }}}}{{{{ q }}}}{{% endwith %}}{{{{ {x} }}}}"
        if r < 0.94:
            return "{%- for i in nested recursive %}{{ loop.depth }}{% if i is iterable %}({{ loop(i) }}){% else %}{{ i }}{% endif %}{% endfor -%}" + nl
        if r < 0.96:
            return f"{{#{a} a comment {b}#}}{nl}  {{% raw %}}{{{{ raw }}}}{{% endraw %}}{nl}"
        if r < 0.98:
            return f"{nl}  {{%{a} generation {b}%}}{nl}{body()}{{% endgeneration %}}"
        return f"{{% for k, v in {self.pick(DICTS)}.items() %}}{{{{ k }}}}={{{{ v|tojson }}}};{{% endfor %}}"

    def program(self):
        return "".join(self.pick(["", "text ", "\n", "  \n  "]) + self.statement() for _ in range(self.r.randint(1, 3)))


def programs(count, seed):
    for i in range(count):
        yield Maker(seed * 1_000_003 + i).program()
