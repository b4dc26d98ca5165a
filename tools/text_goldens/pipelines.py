"""Small tokenizers with the pipelines that model families published, trained on our own corpus: none can be
downloaded. Each function gives one; `odd_ones` gives the options that no family uses together."""

import base64
import functools
import struct
import unicodedata

from tokenizers import (AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers)

import patterns

BYTES = [f"<0x{b:02X}>" for b in range(256)]


def template(t, single, *tokens):
    t.post_processor = processors.TemplateProcessing(single=single, special_tokens=[(x, t.token_to_id(x)) for x in tokens])


def byte_level(corpus, pre_tokenizer, size, **trainer):
    t = Tokenizer(models.BPE())
    t.pre_tokenizer = pre_tokenizer
    t.decoder = decoders.ByteLevel()
    t.train_from_iterator(corpus, trainers.BpeTrainer(vocab_size=size, show_progress=False, **{
        "initial_alphabet": pre_tokenizers.ByteLevel.alphabet()} | trainer))
    return t


def split(*regexes):
    stages = [pre_tokenizers.Split(Regex(r), "isolated", invert=False) for r in regexes]
    return pre_tokenizers.Sequence(stages + [pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)])


def sentencepiece_bpe(corpus, specials, size):
    """As SentencePiece trains: words with their space, no merge across words; bytes for what is rare."""
    t = Tokenizer(models.BPE(unk_token="<unk>", fuse_unk=True, byte_fallback=True))
    t.pre_tokenizer = pre_tokenizers.Metaspace()
    t.train_from_iterator(corpus, trainers.BpeTrainer(vocab_size=size, special_tokens=specials + BYTES, show_progress=False,
                                                      min_frequency=3, limit_alphabet=90))
    t.pre_tokenizer = None
    t.decoder = decoders.Sequence([decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse()])
    return t


def llama2(corpus):
    """Of before 2024 ("legacy"): a normalizer puts ▁ in front."""
    t = sentencepiece_bpe(corpus, ["<unk>", "<s>", "</s>"], 700)
    t.normalizer = normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")])
    t.decoder = decoders.Sequence([decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse(), decoders.Strip(" ", 1, 0)])
    t.add_special_tokens(["<unk>", "<s>", "</s>"])
    template(t, "<s> $A", "<s>")
    return t


def mistral(corpus):
    """No normalizer: Metaspace puts ▁ before the first section only."""
    t = sentencepiece_bpe(corpus, ["<unk>", "<s>", "</s>", "[INST]", "[/INST]"], 700)
    t.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="first", split=False)
    t.decoder = decoders.Sequence([decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse(), decoders.Strip(" ", 1, 0)])
    t.add_special_tokens(["<unk>", "<s>", "</s>", "[INST]", "[/INST]"])
    template(t, "<s> $A", "<s>")
    return t


def gemma(corpus):
    t = sentencepiece_bpe(corpus, ["<pad>", "<eos>", "<bos>", "<unk>", "<start_of_turn>", "<end_of_turn>"], 700)
    t.normalizer = normalizers.Replace(" ", "▁")
    t.pre_tokenizer = pre_tokenizers.Split(" ", "merged_with_previous")
    t.add_tokens([AddedToken("\n" * n, normalized=False) for n in range(1, 9)])
    t.add_tokens([AddedToken("▁" * n, normalized=False) for n in range(2, 9)] + [AddedToken("<table>", normalized=False)])
    t.add_special_tokens(["<pad>", "<eos>", "<bos>", "<unk>", "<start_of_turn>", "<end_of_turn>"])
    template(t, "<bos> $A", "<bos>")
    return t


def qwen2_nfc(corpus):
    t = byte_level(corpus, split(patterns.QWEN2), 500)
    t.normalizer = normalizers.NFC()
    t.add_special_tokens(["<|endoftext|>", "<|im_start|>", "<|im_end|>"])
    t.add_tokens([AddedToken("<think>", normalized=False), AddedToken("Å", normalized=True)])
    return t


def deepseek(corpus):
    t = byte_level(corpus, split(*patterns.DEEPSEEK), 500)
    t.normalizer = normalizers.Sequence([])
    t.add_special_tokens(["<｜begin▁of▁sentence｜>", "<｜end▁of▁sentence｜>", "<｜User｜>"])
    template(t, "<｜begin▁of▁sentence｜> $A", "<｜begin▁of▁sentence｜>")
    return t


def clip(corpus):
    t = byte_level(corpus, pre_tokenizers.Sequence([
        pre_tokenizers.Split(Regex(r"<\|startoftext\|>|<\|endoftext\|>|'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+"),
                             "removed", invert=True),
        pre_tokenizers.ByteLevel(add_prefix_space=False)]), 600, end_of_word_suffix="</w>",
        special_tokens=["<|startoftext|>", "<|endoftext|>"])
    t.model.unk_token, t.model.end_of_word_suffix = "<|endoftext|>", "</w>"
    t.normalizer = normalizers.Sequence([normalizers.NFC(), normalizers.Replace(Regex(r"\s+"), " "), normalizers.Lowercase()])
    t.add_special_tokens(["<|startoftext|>", "<|endoftext|>"])
    t.post_processor = processors.RobertaProcessing(("<|endoftext|>", t.token_to_id("<|endoftext|>")),
                                                    ("<|startoftext|>", t.token_to_id("<|startoftext|>")),
                                                    trim_offsets=False, add_prefix_space=False)
    return t


def bert(corpus):
    t = Tokenizer(models.WordPiece(unk_token="[UNK]", max_input_chars_per_word=20))
    t.normalizer = normalizers.BertNormalizer()
    t.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    t.decoder = decoders.WordPiece()
    specials = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    t.train_from_iterator(corpus, trainers.WordPieceTrainer(vocab_size=600, special_tokens=specials, show_progress=False))
    template(t, "[CLS] $A [SEP]", "[CLS]", "[SEP]")
    return t


def bert_cased(corpus):
    t = bert(corpus)
    t.normalizer = normalizers.BertNormalizer(lowercase=False)
    t.decoder = decoders.WordPiece(cleanup=False)
    t.post_processor = processors.BertProcessing(("[SEP]", 3), ("[CLS]", 2))
    return t


def unigram(corpus, size, specials, **model):
    t = Tokenizer(models.Unigram())
    t.normalizer = normalizers.Precompiled(charsmap())
    t.pre_tokenizer = pre_tokenizers.Metaspace()
    t.decoder = decoders.Metaspace()
    t.train_from_iterator(corpus, trainers.UnigramTrainer(vocab_size=size, special_tokens=specials, unk_token="<unk>",
                                                          show_progress=False))
    return t


def t5(corpus):
    t = unigram(corpus, 600, ["<pad>", "</s>", "<unk>"])
    t.normalizer = normalizers.Precompiled(charsmap())
    t.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Metaspace()])
    t.add_special_tokens(["<pad>", "</s>", "<unk>"] + [AddedToken(f"<extra_id_{i}>", rstrip=True) for i in range(3)])
    template(t, "$A </s>", "</s>")
    return t


def xlmr(corpus):
    t = unigram(corpus, 600, ["<s>", "<pad>", "</s>", "<unk>"])
    t.normalizer = normalizers.Sequence([normalizers.Precompiled(charsmap()), normalizers.Strip(left=False, right=True),
                                         normalizers.Replace(Regex(" {2,}"), "▁")])
    t.add_special_tokens(["<s>", "<pad>", "</s>", "<unk>", AddedToken("<mask>", lstrip=True)])
    template(t, "<s> $A </s>", "<s>", "</s>")
    return t


@functools.cache
def charsmap():
    """A precompiled map of characters as SentencePiece's nmt_nfkc has it, and rules that tell a cluster from its
    characters. Written as a double array: label, offset and value in each unit."""
    rules = {}
    for c in [*range(0xA0, 0x250), *range(0x1E00, 0x2160), *range(0x2460, 0x2500), *range(0x3300, 0x3400),
              *range(0xF900, 0xFB50), *range(0xFF01, 0xFFA0)]:
        to = unicodedata.normalize("NFKC", chr(c))
        if to != chr(c) and unicodedata.category(chr(c)) != "Cn":
            rules[chr(c)] = to
    for c in range(0xC0, 0x180):
        parts = unicodedata.normalize("NFD", chr(c))
        if len(parts) == 2:
            rules[parts] = chr(c)
    rules |= {"\t": " ", "\n": " ", "\r": " ", "\u3000": " ", "\u200b": " ", "\ufeff": " ", "\u00ad": "", "\x01": "", "\x7f": "",
              "e\u0301": "E-acute", "q": "kw", "\r\n": "CRLF", "ab": "never: two clusters", "\u0301": "", "\u0600": "N"}
    return compile_rules(rules)


def compile_rules(rules):
    texts, at = bytearray(), {}
    for to in rules.values():
        if to not in at:
            at[to] = len(texts)
            texts += to.encode() + b"\0"
    tree = {}
    for start, to in rules.items():
        node = tree
        for b in start.encode():
            node = node.setdefault(b, {})
        node[0] = at[to]
    units, taken, offsets, free = {0: 0}, {0}, set(), 1
    pending = [(0, tree)]
    while pending:
        place, node = pending.pop()
        offset = free
        while offset in offsets or (place ^ offset) >> 21 or any((place ^ offset ^ b) in taken for b in node):
            offset += 1
        offsets.add(offset)
        base = place ^ offset
        taken |= {base ^ b for b in node}
        while free in offsets:
            free += 1
        units[place] |= offset << 10 | (0x100 if 0 in node else 0)
        for b, child in node.items():
            if b == 0:
                units[base] = child | 1 << 31
            else:
                units[base ^ b] = b
                pending.append((base ^ b, child))
    size = (max(units) // 256 + 1) * 256
    trie = struct.pack(f"<{size}I", *(units.get(i, 0) for i in range(size)))
    return struct.pack("<I", len(trie)) + trie + bytes(texts)


FAMILIES = [llama2, mistral, gemma, qwen2_nfc, deepseek, clip, bert, bert_cased, t5, xlmr]
