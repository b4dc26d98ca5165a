"""jinja2 as transformers sets it up for chat templates, with a fixed date. With transformers installed its own
compiled template is used; `pinned()` makes the same environment from jinja2 alone, for ./check --all."""
import copy
import datetime
import json

NOW = datetime.datetime(2024, 7, 26, 13, 5, 9)


class FixedDate(datetime.datetime):
    @classmethod
    def now(cls, tz=None):
        return NOW


def of_transformers():
    import transformers.utils.chat_template_utils as chat
    chat.datetime = FixedDate
    return chat._compile_jinja_template


def pinned():
    import jinja2
    import jinja2.ext
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    class Generation(jinja2.ext.Extension):
        tags = {"generation"}

        def parse(self, parser):
            line = next(parser.stream).lineno
            body = parser.parse_statements(("name:endgeneration",), drop_needle=True)
            return jinja2.nodes.CallBlock(self.call_method("_whole"), [], [], body).set_lineno(line)

        def _whole(self, caller):
            return caller()

    def raise_exception(message):
        raise jinja2.exceptions.TemplateError(message)

    def tojson(x, ensure_ascii=False, indent=None, separators=None, sort_keys=False):
        return json.dumps(x, ensure_ascii=ensure_ascii, indent=indent, separators=separators, sort_keys=sort_keys)

    env = ImmutableSandboxedEnvironment(trim_blocks=True, lstrip_blocks=True,
                                        extensions=[Generation, jinja2.ext.loopcontrols])
    env.filters["tojson"] = tojson
    env.globals["raise_exception"] = raise_exception
    env.globals["strftime_now"] = NOW.strftime
    return env.from_string


def render(compile_template, source, variables):
    """{"text": ...}, or {"error": the template's own words, or null for every other error}."""
    import jinja2
    try:
        text = compile_template(source).render(**copy.deepcopy(variables))  # list|indent changes its list
        text.encode()
        return {"text": text}
    except jinja2.exceptions.TemplateError as e:
        own = type(e) is jinja2.exceptions.TemplateError
        return {"error": str(e) if own else None}
    except Exception:
        return {"error": None}
