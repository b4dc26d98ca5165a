"""Writes src/text/jinja/html_entities.cc: the named characters of HTML 5, which the filter striptags turns back."""
import html
import html.entities
import pathlib

OUT = pathlib.Path(__file__).resolve().parents[2] / "src" / "text" / "jinja" / "html_entities.cc"


def spelled(text):
    return "".join(f"\\{b:03o}" if b >= 0x7f or b < 0x20 or chr(b) in '"\\?' else chr(b) for b in text.encode())


def rows(all_rows):
    lines, line = [], ""
    for row in all_rows:
        if len(line) + len(row) > 103:
            lines.append(line.rstrip())
            line = ""
        line += row + ", "
    lines.append(line.rstrip().rstrip(","))
    return "\n    ".join(lines)


def main():
    body = rows(f'{{"{name}", "{spelled(text)}"}}' for name, text in sorted(html.entities.html5.items()))
    numbers = rows(f"{{{k:#x}, {ord(v):#x}}}" for k, v in sorted(html._invalid_charrefs.items()))
    OUT.write_text(f'''// A table, written by tools/template_goldens/html_entities.py: what HTML 5 names, in order of name.
#include "text/jinja/html_entities.h"

namespace quire::jinja {{
namespace {{

// clang-format off
constexpr HtmlEntity kEntities[] = {{
    {body}}};

constexpr HtmlNumber kNumbers[] = {{
    {numbers}}};
// clang-format on

}}  // namespace

std::span<const HtmlEntity> html_entities() {{ return kEntities; }}
std::span<const HtmlNumber> html_numbers() {{ return kNumbers; }}

}}  // namespace quire::jinja
''')


if __name__ == "__main__":
    main()
