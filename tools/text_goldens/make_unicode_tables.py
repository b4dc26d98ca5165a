"""Writes src/text/unicode_tables.cc and script_table.cc: the sets of characters that HF tokenizers goes by, asked of
it one character at a time. Its libraries know different versions of Unicode, so no one version would do.

    build/venv/bin/python tools/text_goldens/make_unicode_tables.py src/text    # in a minute
"""

import ctypes
import ctypes.util
import pathlib
import sys

import tokenizers
from tokenizers import normalizers, pre_tokenizers

CHARACTERS = [chr(c) for c in range(0x110000) if not 0xD800 <= c <= 0xDFFF]


def ranges(characters):
    found = []
    for c in map(ord, characters):
        if found and found[-1][1] in (c - 1, 0xD7FF if c == 0xE000 else -1):
            found[-1][1] = c
        else:
            found.append([c, c])
    return found


def bert(**on):
    return normalizers.BertNormalizer(**{"clean_text": False, "handle_chinese_chars": False, "strip_accents": False,
                                         "lowercase": False} | on).normalize_str


def alone(pre_tokenizer):
    return lambda c: len(pre_tokenizer.pre_tokenize_str(f"a{c}b")) == 3


def sets():
    clean, accents, strip = bert(clean_text=True), bert(strip_accents=True), normalizers.StripAccents().normalize_str
    nfd = normalizers.NFD().normalize_str
    yield "kControls", "What BertNormalizer's clean_text removes.", lambda c: clean(c) == ""
    yield "kNonspacingMarks", "What BertNormalizer's strip_accents removes.", lambda c: accents(c) == "" and nfd(c) == c
    yield "kMarks", "What StripAccents removes.", lambda c: strip(c) == ""
    yield "kPunctuation", "", alone(pre_tokenizers.Punctuation())
    yield "kNumbers", "Categories Nd, Nl, No.", alone(pre_tokenizers.Digits(individual_digits=True))
    yield "kUnknownToForms", "Stay as they are in NFC, NFD, NFKC and NFKD, and nothing passes them.", unknown_to_forms()


def unknown_to_forms():
    """Characters that decompose, reorder or compose in utf8proc but not in HF tokenizers, whose table is older."""
    lib = ctypes.CDLL(ctypes.util.find_library("utf8proc"))
    lib.utf8proc_map.restype = ctypes.c_ssize_t
    compat, compose, decompose, stable = 1 << 2, 1 << 3, 1 << 4, 1 << 1
    options = {"NFC": compose, "NFD": decompose, "NFKC": compose | compat, "NFKD": decompose | compat}

    def ours(text, form):
        to = ctypes.c_void_p()
        data = text.encode()
        n = lib.utf8proc_map(data, len(data), ctypes.byref(to), options[form] | stable)
        return ctypes.string_at(to, n).decode()

    texts = ("{}", "a\u0315{}\u0334", "\U00011935{}")
    forms = {form: getattr(normalizers, form)().normalize_str for form in options}
    return lambda c: any(ours(t.format(c), f) != theirs(t.format(c)) for t in texts for f, theirs in forms.items())


def scripts():
    """(first, last, script) with a number for each script; those without one ("Any") are left out."""
    split = pre_tokenizers.UnicodeScripts().pre_tokenize_str
    samples, last, found = [], 0, []
    for c in CHARACTERS:
        if c == " " or not split(c):
            continue
        if not samples or len(split(samples[last] + c)) != 1:
            last = next((i for i, s in enumerate(samples) if len(split(s + c)) == 1), len(samples))
            if last == len(samples):
                samples.append(c)
        if found and found[-1][1] == ord(c) - 1 and found[-1][2] == last:
            found[-1][1] = ord(c)
        else:
            found.append([ord(c), ord(c), last])
    return found


def table(rows):
    line, lines = "   ", []
    for row in rows:
        entry = " {" + ", ".join(hex(x) if i < 2 else str(x) for i, x in enumerate(row)) + "},"
        if len(line) + len(entry) > 110:
            lines.append(line)
            line = "   "
        line += entry
    return "\n".join(lines + [line])


def write(path, idea, body):
    path.write_text(f"// {idea}, of HF tokenizers {tokenizers.__version__}.\n"
                    f"// Written by tools/text_goldens/make_unicode_tables.py.\n"
                    f'#include "text/unicode_tables.h"\n\nnamespace quire {{\nnamespace {{\n\n{body}\n}}  // namespace quire\n')


def main():
    folder, body = pathlib.Path(sys.argv[1]), ""
    for name, comment, member in sets():
        body += f"// {comment}\n" if comment else ""
        body += f"constexpr CharacterRange {name}[] = {{\n{table(ranges(filter(member, CHARACTERS)))}\n}};\n\n"
    write(folder / "unicode_tables.cc", "The sets of characters", body + "}  // namespace\n\n" + "".join(
        f"bool {function}(char32_t c) {{ return range_of(std::span<const CharacterRange>({name}), c) != nullptr; }}\n" for function, name in FUNCTIONS))
    write(folder / "script_table.cc", "The scripts of characters", f"constexpr ScriptRange kScripts[] = {{\n{table(scripts())}\n}};\n\n"
          "}  // namespace\n\nint script_of(char32_t c) {\n  const ScriptRange* r = range_of(std::span<const ScriptRange>(kScripts), c);\n"
          "  return r ? r->script : -1;\n}\n")


FUNCTIONS = [("is_bert_control", "kControls"), ("is_nonspacing_mark", "kNonspacingMarks"), ("is_mark", "kMarks"),
             ("is_punctuation", "kPunctuation"), ("is_number", "kNumbers"), ("is_unknown_to_forms", "kUnknownToForms")]

if __name__ == "__main__":
    main()
