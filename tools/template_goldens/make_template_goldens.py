"""Writes tests/text/jinja_goldens/ with transformers' own environment: the families' templates over conversations, and a
sample of the random programs.   python tools/template_goldens/make_template_goldens.py"""
import json
import pathlib
import re

import environment
import families
import programs

OUT = pathlib.Path(__file__).resolve().parents[2] / "tests" / "text" / "jinja_goldens"
PROGRAMS = 1600

WEATHER = {"type": "function", "function": {
    "name": "get_weather", "description": "The weather of a place.",
    "parameters": {"type": "object", "properties": {
        "place": {"type": "string", "description": "City & country, e.g. \"Köln\""},
        "unit": {"type": "string", "enum": ["c", "f"], "default": "c"},
        "days": {"type": "array", "items": {"type": "integer"}},
        "opts": {"type": ["object", "null"], "properties": {"deep": {"type": "number"}}}},
        "required": ["place"]}}}
NO_ARGUMENTS = {"type": "function", "function": {"name": "now", "description": "The time <now>.", "parameters": {"type": "object", "properties": {}}}}

USER = {"role": "user", "content": "Hello there."}
CALL = {"role": "assistant", "content": "", "tool_calls": [{"id": "abcdef123", "type": "function", "function": {
    "name": "get_weather", "arguments": {"place": "Zürich", "days": [1, 2], "x": 1, "y": 1.0, "z": 1e-7, "n": None, "ok": True}}}]}
RESULT = {"role": "tool", "name": "get_weather", "tool_call_id": "abcdef123", "content": "{\"t\": 21.5}"}

CONVERSATIONS = {
    "user": {"messages": [USER], "add_generation_prompt": True},
    "no_prompt": {"messages": [USER, {"role": "assistant", "content": "Hi!"}]},
    "system": {"messages": [{"role": "system", "content": " Be brief.\n"}, USER, {"role": "assistant", "content": " Sure. \n"},
                            {"role": "user", "content": "\t 1 + 1?  "}], "add_generation_prompt": True},
    "unicode": {"messages": [{"role": "user", "content": "Grüße 日本語 👩‍👩‍👧 \u0301 <b>&amp;</b> \"q\" 'a' \\n {{ x }} {% raw %}"},
                             {"role": "assistant", "content": "<|im_end|></s>\u2028\u00a0ok"}, {"role": "user", "content": ""}],
                "add_generation_prompt": True},
    "tools": {"messages": [{"role": "system", "content": "Use tools."}, USER], "tools": [WEATHER, NO_ARGUMENTS], "add_generation_prompt": True},
    "call": {"messages": [USER, CALL, RESULT], "tools": [WEATHER], "add_generation_prompt": True},
    "answered": {"messages": [USER, CALL, RESULT, RESULT, {"role": "assistant", "content": "21.5 °C"}, USER], "tools": [WEATHER],
                 "add_generation_prompt": True},
    "documents": {"messages": [USER], "documents": [{"title": "A", "text": "First."}, {"doc_id": 7, "title": "B", "text": "Zweite ü."}],
                  "add_generation_prompt": True},
    "reasoning": {"messages": [USER, {"thinking": "Hmm, 2.", "role": "assistant", "content": "Two.", "reasoning_content": "Hmm, 2."}, USER,
                               {"role": "assistant", "content": "<think>\nlong\n</think>\n\nShort."}]},
    "no_thinking": {"messages": [USER], "enable_thinking": False, "reasoning_effort": "high", "controls": {"length": "short"},
                    "add_generation_prompt": True},
    "parts": {"messages": [{"role": "user", "content": [{"type": "text", "text": "What is "}, {"type": "image"}, {"type": "text", "text": "this?"}]}],
              "add_generation_prompt": True},
    "two_users": {"messages": [USER, USER], "add_generation_prompt": True},
    "unknown_role": {"messages": [USER, {"role": "narrator", "content": "Night fell."}], "add_generation_prompt": True},
    "no_content": {"messages": [{"role": "user"}], "add_generation_prompt": True},
    "bad_id": {"messages": [USER, {**CALL, "tool_calls": [{**CALL["tool_calls"][0], "id": "1"}]}, {**RESULT, "tool_call_id": "1"}]},
    "builtin": {"messages": [USER, {"role": "assistant", "tool_calls": [{"type": "function", "function": {"name": "search", "arguments": {"q": "x y"}}}]},
                             {"role": "ipython", "content": {"r": [1, 2.50]}}], "builtin_tools": ["search", "code_interpreter"],
                "add_generation_prompt": True},
}
TOKENS = {"bos_token": "<s>", "eos_token": "</s>", "unk_token": "<unk>", "pad_token": "<pad>"}


# continue_final_message: what is continued, of which last message, under which template.
LOOP = "{% for m in messages %}<|{{ m.role }}|>BODY<|end|>\n{% endfor %}{% if add_generation_prompt %}<|assistant|>{% endif %}"
CONTINUED_TEMPLATES = [LOOP.replace("BODY", body) for body in (
    "{{ m.content }}", "{{ m.content|trim }}", "{{ m['reasoning_content'] }}/{{ m.content }}",
    "{% if m.thinking %}<think>{{ m.thinking }}</think>{% endif %}{{ m.content or '' }}",
    "{% for p in m.content %}{{ p.text if p.text is defined else p }}{% endfor %}", "{{ m.content|upper }}", "{{ m.content[:6] }}",
    "{{ m.content.split('</think>')[-1].lstrip() }}", "hidden")]
CONTINUED_MESSAGES = [
    {"content": "The sky is"}, {"content": "The sky is "}, {"content": "  The sky \n\t"}, {"content": ""}, {"content": " "},
    {"content": "a </think> b"}, {"content": "Grüße 日本 \u2003"}, {"content": None}, {}, {"content": 5}, {"content": {"text": "t"}},
    {"content": "CONTINUE_FINAL_MESSAGE_TAG twice"}, {"content": [{"type": "text", "text": "one"}, {"type": "text", "text": "two "}, {"type": "image"}]},
    {"content": [{"type": "image"}]}, {"content": [{"text": 7}]}, {"content": "Yes", "reasoning_content": "Hmm"},
    {"content": "Yes", "thinking": "Hmm "}, {"content": "Yes", "reasoning": "Hmm", "thinking": "other"}, {"reasoning": ["x"]}]
CONTINUED_FIELDS = [True, "content", "reasoning_content", "thinking", "reasoning", "nothing"]


def continued():
    from transformers.utils.chat_template_utils import render_jinja_template
    for template in CONTINUED_TEMPLATES:
        for last in CONTINUED_MESSAGES:
            for field in CONTINUED_FIELDS:
                messages = [USER, {"role": "assistant", **last}]
                line = {"template": template, "messages": messages, "continue": field}
                try:
                    kept = [{k: v for k, v in m.items() if v is not None} for m in messages]  # as apply_chat_template
                    texts, _ = render_jinja_template([kept], chat_template=template, continue_final_message=field, **TOKENS)
                    yield {**line, "text": texts[0]}
                except Exception:
                    yield {**line, "error": None}


def write(name, value):
    (OUT / name).write_text(json.dumps(value, ensure_ascii=False, indent=0) + "\n", encoding="utf-8")


def write_lines(name, lines):
    text = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)
    (OUT / name).write_text(text, encoding="utf-8")


def main():
    OUT.mkdir(parents=True, exist_ok=True)
    compile_template = environment.of_transformers()
    variables = {name: {**TOKENS, "tools": None, "documents": None, "add_generation_prompt": False, **c}
                 for name, c in CONVERSATIONS.items()}
    write("templates.json", families.FAMILIES)
    write("variables.json", {**variables, **programs.VARIABLES})
    lines = []
    for family, source in families.FAMILIES.items():
        for name, given in variables.items():
            lines.append({"name": family, "variables": name, **environment.render(compile_template, source, given)})
    write_lines("families.jsonl", lines)
    write_lines("continued.jsonl", continued())
    kept = []
    for source in programs.programs(4 * PROGRAMS, 77):
        want = environment.render(compile_template, source, programs.VARIABLES["plain"])
        text = want.get("text", "")
        sure = not re.search(r"\dj(\)|%29)", text) and "0x" not in text and "<gener" not in text and "<built" not in text
        if sure and len(source) + len(text) < 400 and len(kept) < PROGRAMS:
            kept.append({"template": source, "variables": "plain", **want})
    write_lines("programs.jsonl", kept)
    print(len(families.FAMILIES), "families,", len(lines), "conversations,", len(kept), "programs")


if __name__ == "__main__":
    main()
