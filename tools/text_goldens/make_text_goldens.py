"""Trains small byte-level BPE tokenizers of several shapes with HF tokenizers and records what it makes of
random strings and random ids, for tests/text. Needs tools/requirements.txt; the same seed gives the same files.

    build/venv/bin/python tools/text_goldens/make_text_goldens.py tests/text/goldens
"""

import functools
import json
import pathlib
import random
import sys
import sysconfig

from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, pre_tokenizers, processors, trainers

import patterns
import pipelines
import strings

SEED = 20261121


def corpus():
    """Ten modules of the standard library and our samples of other scripts."""
    folder = pathlib.Path(sysconfig.get_paths()["stdlib"])
    for name in "argparse ast bisect calendar codecs csv heapq json/decoder string textwrap".split():
        yield (folder / f"{name}.py").read_text()
    yield from strings.SCRIPTS * 4


def train(pre_tokenizer, vocabulary):
    t = Tokenizer(models.BPE())
    t.pre_tokenizer = pre_tokenizer
    t.decoder = decoders.ByteLevel()
    t.train_from_iterator(corpus(), trainers.BpeTrainer(
        vocab_size=vocabulary, initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False))
    return t


def split(*regexes):
    stages = [pre_tokenizers.Split(Regex(r), "isolated", invert=False) for r in regexes]
    return pre_tokenizers.Sequence(stages + [pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)])


def gpt2():
    t = train(pre_tokenizers.ByteLevel(add_prefix_space=False), 700)
    t.post_processor = processors.ByteLevel(trim_offsets=False)
    t.add_special_tokens(["<|endoftext|>"])
    return t


def llama3():
    t = train(split(patterns.LLAMA3), 1000)
    t.add_special_tokens(["<|begin_of_text|>", "<|end_of_text|>", "<|start_header_id|>", "<|end_header_id|>",
                          "<|eot_id|>", "<|reserved_special_token_0|>"])
    bos = t.token_to_id("<|begin_of_text|>")
    t.post_processor = processors.Sequence([
        processors.ByteLevel(trim_offsets=False),
        processors.TemplateProcessing(single="<|begin_of_text|> $A", pair="<|begin_of_text|> $A <|begin_of_text|>:1 $B:1",
                                      special_tokens=[("<|begin_of_text|>", bos)])])
    return t


def qwen2():
    t = train(split(patterns.QWEN2), 700)
    t.post_processor = processors.ByteLevel(trim_offsets=False)
    t.add_special_tokens(["<|endoftext|>", "<|im_start|>", "<|im_end|>"])
    t.add_tokens([AddedToken("<tool_call>", normalized=False), AddedToken("</tool_call>", normalized=False)])
    return t


def flags():
    """Every flag of added tokens, a prefix space, an unknown token, tokens on both sides."""
    t = train(pre_tokenizers.Sequence([pre_tokenizers.Split(Regex(patterns.O200K), "isolated"),
                                       pre_tokenizers.ByteLevel(add_prefix_space=True, use_regex=False)]), 600)
    t.add_special_tokens([AddedToken("<s>"), AddedToken("</s>"), AddedToken("<mask>", lstrip=True),
                          AddedToken("<right>", rstrip=True), AddedToken("<both>", lstrip=True, rstrip=True),
                          AddedToken("<norm>", normalized=True)])
    t.add_tokens([AddedToken("word", single_word=True), AddedToken("<norm>al", normalized=True), AddedToken("<no"),
                  AddedToken("  ", normalized=False), AddedToken("é", normalized=False), AddedToken("狐狸"),
                  AddedToken("a b"), AddedToken("fox", single_word=True, lstrip=True, rstrip=True),
                  AddedToken("\u0301", single_word=True), AddedToken("\0")])
    t.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", pair="<s> $A </s> $B </s>",
        special_tokens=[(s, t.token_to_id(s)) for s in ("<s>", "</s>")])
    return t


def rewritten(name, t):
    """The file as other versions and other authors spell it."""
    file = json.loads(t.to_str())
    model = file["model"]
    if name == "gpt2":  # as before 2021: no type, merges with a space, empty affixes
        del model["type"]
        model["merges"] = [" ".join(m) for m in model["merges"]]
        model.update(continuing_subword_prefix="", end_of_word_suffix="", unk_token="")
    if name == "llama3":  # tokens that only ignore_merges reaches
        model["ignore_merges"] = True
        model["merges"] = [m for i, m in enumerate(model["merges"]) if i % 7 != 6]
        made = set(model["vocab"]) - {"".join(m) for m in model["merges"]}
        model["merges"] = [m for m in model["merges"] if not any(len(x) > 1 and x in made for x in m)]
    if name == "flags":  # bytes that the vocabulary lacks
        model["unk_token"] = "A"
        for lost in ("X", "\u0100", "Ð"):
            del_id = model["vocab"].pop(lost)
            model["vocab"]["unused" + lost] = del_id
        model["merges"] = [m for m in model["merges"] if all(x in model["vocab"] for x in (*m, "".join(m)))]
    return json.dumps(file, ensure_ascii=False, separators=(",", ":"))


def byte(t, rng):
    """The id of a single byte, in either way of spelling them."""
    fallback = f"<0x{rng.choice([65, 0xE4, 0xB8, 0xAD, 0xFF]):02X}>"
    return t.token_to_id(chr(rng.randint(0x100, 0x142))) or t.token_to_id(fallback) or 0


def write(folder, name, make, count=240):
    text = rewritten(name, make())
    target = folder / name
    target.mkdir(parents=True, exist_ok=True)
    (target / "tokenizer.json").write_text(text + "\n")
    record(target, Tokenizer.from_str(text), name, count)


def record(target, t, name, count):
    """What `t` makes of so many strings, and of ids."""
    specials = [a.content for a in t.get_added_tokens_decoder().values()]
    rng = random.Random(f"{SEED} {name}")
    encodings = []
    for s in strings.strings(f"{SEED} {name}", count, specials, 4):
        ids = t.encode(s, add_special_tokens=True).ids
        plain = t.encode(s, add_special_tokens=False).ids
        encodings.append({"text": s, "ids": ids} | ({"plain": plain} if plain != ids else {}))
    decodings = []
    for _ in range(count * 2 // 3):
        ids = [rng.randrange(t.get_vocab_size() + 3) for _ in range(rng.randint(0, 14))]
        if rng.random() < 0.5:  # single bytes: characters in parts and bad ones
            ids = [rng.choice([i, byte(t, rng)]) for i in ids]
        if specials:
            ids = [t.token_to_id(rng.choice(specials)) if rng.random() < 0.1 else i for i in ids]
        shown, skipped = t.decode(ids, skip_special_tokens=False), t.decode(ids, skip_special_tokens=True)
        decodings.append({"ids": ids, "text": shown} | ({"skipped": skipped} if skipped != shown else {}))
    for kind, lines in (("encode", encodings), ("decode", decodings)):
        (target / f"{kind}.jsonl").write_text(
            "".join(json.dumps(line, ensure_ascii=False, separators=(",", ":")) + "\n" for line in lines))


if __name__ == "__main__":
    for make in (gpt2, llama3, qwen2, flags):
        write(pathlib.Path(sys.argv[1]), make.__name__, make)
    lines = list(corpus())
    for make in pipelines.FAMILIES:
        write(pathlib.Path(sys.argv[1]), make.__name__, functools.partial(make, lines), 170)
