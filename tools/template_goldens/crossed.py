"""Programs that cross things: every operator over every two kinds of values, every filter, test and method over every
kind of value and several arguments. In a fixed order, so that a share of them can be taken by a seed."""
import itertools
import random

VALUES = [
    "none", "true", "false", "0", "1", "-1", "7", "255", "2 ** 62", "2 ** 64", "-(10 ** 25)", "10 ** 30 + 7", "(-2) ** 63", "2 ** 53 + 1", "0.0", "-0.0", "2.5", "-7.5", "1e16", "1e-7", "''", "'a'", "'Hello, World'",
    "'3'", "' 42.5 '", "'0x1F'", "'a b  c\\td'", "'l1\\nl2\\n\\nl3\\n'", "'Straße ǅ ﬁ İ'", "'<b>&amp;\"\\'</b>'", "'<i>'|safe", "'1_000'", "'%s %d'", "'{} {0}'", "'-ab'",
    "[]", "[1]", "[3, 1, 2]", "['b', 'A', 'c', 'a']", "[1, 'a', none, 2.5, true]", "[[2, 1], [1]]", "[{'k': 2, 'n': 'x'}, {'k': 1, 'n': 'Y'}]",
    "()", "(1,)", "(1, 'a')", "{}", "{'a': 1}", "{'b': [1], 'A': 'x'}", "{1: 2, none: 3}", "range(3)", "range(5, 0, -2)", "{'a': 1}.items()",
    "{'a': 1}.keys()", "{'a': 1}.values()", "missing", "missing_too.x", "namespace(a=1)"]
OBJECTS = ["range", "cycler(1, 2)", "joiner('-')", "'x'.upper", "[1, 2]|map('string')", "'ab'|list|select"]  # print an address
OPERATORS = ["+", "-", "*", "/", "//", "%", "**", "~", "==", "!=", "<", "<=", ">", ">=", "in", "not in", "and", "or"]
ARGUMENTS = ["", "1", "2", "-1", "0", "'a'", "'k'", "''", "' '", "none", "true", "1, 2", "'a', 'b'", "2, 'x'", "'a', 1", "'k', 'gt', 1", "'upper'",
             "attribute='k'", "attribute=0", "default='D'", "reverse=true", "case_sensitive=true", "start=5", "nothing=1", "3, true", "[1]", "'%s', 1, 2", "2.5", "missing",
             "'l', 'L', 1", "indent=2", "by='value'", "10, '*'", "*[1]", "**{'d': '-'}", "{97: 'bc', 72: none, 32: 45}", "'odd'", "'k', 'odd'"]
FILTERS = ["abs", "attr", "batch", "capitalize", "center", "count", "d", "default", "dictsort", "e", "escape", "filesizeformat", "first", "float", "forceescape",
           "format", "groupby", "indent", "int", "items", "join", "last", "length", "list", "lower", "map", "max", "min", "pprint", "reject", "rejectattr", "replace",
           "reverse", "round", "safe", "select", "selectattr", "slice", "sort", "string", "striptags", "sum", "title", "tojson", "trim", "truncate", "unique", "upper",
           "urlencode", "urlize", "wordcount", "wordwrap", "xmlattr"]
LAZY = ["batch", "items", "map", "reject", "rejectattr", "reverse", "select", "selectattr", "slice", "unique"]  # print an address
TESTS = ["boolean", "callable", "defined", "divisibleby", "eq", "equalto", "escaped", "even", "false", "filter", "float", "ge", "greaterthan", "gt", "in", "integer",
         "iterable", "le", "lessthan", "lower", "lt", "mapping", "ne", "none", "number", "odd", "sameas", "sequence", "string", "test", "true", "undefined", "upper"]
METHODS = ["capitalize", "casefold", "center", "count", "endswith", "expandtabs", "find", "format", "format_map", "index", "isalnum", "isalpha", "isascii", "isdecimal",
           "isdigit", "isidentifier", "islower", "isnumeric", "isprintable", "isspace", "istitle", "isupper", "join", "ljust", "lower", "lstrip", "partition",
           "removeprefix", "removesuffix", "replace", "rfind", "rindex", "rjust", "rpartition", "rsplit", "rstrip", "split", "splitlines", "startswith", "strip",
           "swapcase", "title", "upper", "zfill", "get", "items", "keys", "values", "copy", "append", "update", "pop", "fromkeys", "next", "current", "reset", "a",
           "bit_length", "is_integer", "bit_count", "conjugate", "translate"]
KEYWORDS = ["chars='a'", "width=5", "10, fillchar='.'", "sub='a'", "'a', start=1", "sep='a'", "sep=none, maxsplit=1", "maxsplit=1", "keepends=true", "tabsize=3", "prefix='a'",
            "old='a', new='b'", "'a', 'b', count=1", "iterable=['b']", "key='a'", "'z', default=1", "['a'], value=1", "value=1", "table={97: 'x'}", "mapping={'a': 1}", "a=1", "none", "-3",
            "'a', none", "'a', 0, 3", "'a', -2", "('a', 'H')", "[97]", "'ab', 'cd'"]
PARTS = ["real", "imag", "numerator", "denominator", "start", "stop", "step", "grouper", "list", "name", "_x", "__class__", "nothing"]


def everything():
    for a, op, b in itertools.product(VALUES, OPERATORS, VALUES):
        if op == "-" and "}." in a + b:  # a set, which nothing else makes
            continue
        if op == "**" and "**" in b:  # Python would compute for ever
            continue
        yield f"{{{{ ({a}) {op} ({b}) }}}}"
    for a, b, c in itertools.product(VALUES, ["0", "1", "-1", "'a'", "none", "2.5", "true", "1:", ":-1", "::2", "::-1", "5:0:-2", "'a':", "::0"], [""]):
        yield f"{{{{ ({a})[{b}] }}}}{c}"
    for a, part in itertools.product(VALUES + ["[{'k': 1}]|groupby('k')|first"], PARTS):
        yield f"{{{{ ({a}).{part} }}}}{{{{ ({a})['{part}'] is defined }}}}"
    for a in VALUES:
        yield f"{{{{ -({a}) }}}}|{{{{ not ({a}) }}}}"
        yield f"{{{{ +({a}) }}}}"
        yield f"{{{{ [{a}] }}}}{{{{ {a} }}}}"
        yield f"{{% for x in {a} %}}{{{{ loop.index }}}}{{{{ x }}}};{{% endfor %}}"
        yield f"{{% if {a} %}}yes{{% endif %}}{{{{ ({a}).a }}}}|{{{{ ({a})['a'] }}}}"
        yield f"{{% set a, b = {a} %}}{{{{ a }}}}{{{{ b }}}}"
        yield f"{{{{ dict({a}) }}}}"
        yield f"{{{{ dict(**({a})) }}}}"
        yield f"{{{{ range({a}) }}}}"
        yield f"{{{{ namespace(x={a}).x }}}}{{{{ joiner({a})() }}}}"
        yield f"{{{{ {{({a}): 1}} }}}}"
        for form in ["%s", "%r", "%d", "%5.1f", "%x", "%c", "%-6s|", "%05d", "%+.2e", "%g", "%o", "%s %s", "%(a)s", "%%", "%"]:
            yield f"{{{{ '{form}' % ({a}) }}}}"
        for form in ["{}", "{!r}", "{:>8}", "{:05}", "{:.2f}", "{:,}", "{:x}", "{:+d}", "{:.3}", "{:^9}|", "{:e}", "{:%}", "{0.a}", "{0[a]}", "{0[0]}", "{a}", "{", "{:b}", "{:c}", "{:n}"]:
            yield f"{{{{ '{form}'.format({a}) }}}}"
    for a, f, args in itertools.product(VALUES, FILTERS, ARGUMENTS):
        yield f"{{{{ ({a})|{f}({args}){'|list' if f in LAZY else ''} }}}}"
    for f, args in itertools.product(["range", "dict", "joiner", "cycler", "namespace"], KEYWORDS + ["start=1", "1, stop=5", "sep='-'", "self=1", "1, 2, 3, 4", "*[1, 2]", "**{'a': 1}"]):
        yield f"{{% set x = {f}({args}) %}}{{{{ x is mapping }}}}{{{{ x|length if x is mapping or x is sequence }}}}"
    for a, f, args in itertools.product(VALUES, FILTERS, ["", "1", "'a'"]):
        yield f"{{{{ ({a})|{f}({args})|list }}}}"
    for a, t, args in itertools.product(VALUES, TESTS, ["", "(1)", "('a')", " 2.5", "([1])", "(none)", "(1, 2)", "(missing)"]):
        yield f"{{{{ ({a}) is {t}{args} }}}}"
    for a, b in itertools.product(OBJECTS, VALUES):
        yield f"{{{{ ({a}) == ({b}) }}}}{{{{ not ({a}) }}}}"
        yield f"{{{{ ({a}) + ({b}) }}}}"
        yield f"{{{{ ({a}) < ({b}) }}}}"
        yield f"{{{{ ({a}) in ({b}) }}}}"
        yield f"{{{{ ({b}) in ({a}) }}}}"
        yield f"{{{{ ({a})[{b}] }}}}"
        yield f"{{{{ ({a})({b}) }}}}"
    for a, t in itertools.product(OBJECTS, TESTS):
        yield f"{{{{ ({a}) is {t} }}}}"
    for a, f in itertools.product(OBJECTS[-2:], FILTERS):
        yield f"{{{{ ({a})|{f} }}}}"
        yield f"{{{{ ({a})|list|{f}(1) }}}}"
        yield f"{{{{ ({a})|{f}|first }}}}"
    for a, m, args in itertools.product(VALUES, METHODS, ARGUMENTS + KEYWORDS):
        yield f"{{{{ ({a}).{m}({args}) }}}}"


def programs(count, seed):
    everyone = list(everything())
    return random.Random(seed).sample(everyone, min(count, len(everyone)))
