"""The corpus: the *.py files of the running interpreter's standard library, one document per file.

Tests, generated tables and installed packages are left out. A file is held out for measuring by the
hash of its path, so that the split is the same on every machine and never depends on an order.

Examples:
  python tools/demo_model/corpus.py            # counts of files and bytes in both parts
  python tools/demo_model/corpus.py --list     # every held-out file
"""

import argparse
import ast
import hashlib
import pathlib
import sysconfig
from dataclasses import dataclass

HELD_OUT_PERCENT = 3
SKIPPED_FOLDERS = {"site-packages", "__pycache__", "test", "tests", "idle_test", "pydoc_data", "encodings"}
SKIPPED_PREFIXES = ("_sysconfigdata", "config-")
LONGEST_CHAT_ANSWER = 1500  # bytes


@dataclass(frozen=True)
class Document:
    path: str  # below the standard library's folder, with forward slashes
    text: str

    @property
    def held_out(self) -> bool:
        digest = hashlib.sha256(self.path.encode()).digest()
        return int.from_bytes(digest[:8], "big") % 100 < HELD_OUT_PERCENT


def library_folder() -> pathlib.Path:
    return pathlib.Path(sysconfig.get_paths()["stdlib"])


def is_wanted(path: pathlib.PurePosixPath) -> bool:
    return not any(p in SKIPPED_FOLDERS or p.startswith(SKIPPED_PREFIXES) for p in path.parts)


def documents(folder: pathlib.Path | None = None) -> list[Document]:
    """All documents, ordered by the hash of their path: neighbours in a folder are no neighbours here."""
    folder = folder or library_folder()
    found = []
    for file in folder.rglob("*.py"):
        path = file.relative_to(folder)
        if not is_wanted(pathlib.PurePosixPath(path.as_posix())):
            continue
        try:
            text = file.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue  # a handful of files in older encodings
        if text.strip():
            found.append(Document(path.as_posix(), text))
    return sorted(found, key=lambda d: hashlib.sha256(d.path.encode()).digest())


def chat_pairs(document: Document) -> list[tuple[str, str]]:
    """(question, answer) from each short function that has a docstring; teaches the chat markers."""
    try:
        tree = ast.parse(document.text)
    except SyntaxError:
        return []
    pairs = []
    for node in tree.body:
        if not isinstance(node, ast.FunctionDef):
            continue
        summary = (ast.get_docstring(node) or "").split("\n\n")[0].replace("\n", " ").strip()
        source = ast.get_source_segment(document.text, node) or ""
        if 15 <= len(summary) <= 200 and len(source) <= LONGEST_CHAT_ANSWER:
            pairs.append((f"Write {node.name}: {summary}", source))
    return pairs


def digest(docs: list[Document]) -> str:
    """Names exactly this corpus in the model card."""
    h = hashlib.sha256()
    for d in docs:
        h.update(d.path.encode() + b"\0" + d.text.encode() + b"\0")
    return h.hexdigest()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--list", action="store_true", help="print the path of every held-out file")
    args = parser.parse_args()
    docs = documents()
    for name, part in (("train", [d for d in docs if not d.held_out]), ("held out", [d for d in docs if d.held_out])):
        print(f"{name}: {len(part)} files, {sum(len(d.text.encode()) for d in part):,} bytes, "
              f"{sum(len(chat_pairs(d)) for d in part)} chat pairs")
        if args.list and name == "held out":
            print("\n".join(sorted(d.path for d in part)))


if __name__ == "__main__":
    main()
