"""Pipelines of one stage each, with every option: what no model family uses, and what one uses but its pipeline hides.
The model spells bytes, and each piece begins with a mark, so that ids show text and pieces."""

from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors

from pipelines import BYTES, charsmap

MARK = "\u2e1b"


def spelled(pre_tokenizer=None, normalizer=None, marked=True):
    """Bytes alone: <0x00> to <0xFF>, and the mark."""
    vocabulary = {s: i for i, s in enumerate(["<unk>", MARK, *BYTES])}
    t = Tokenizer(models.BPE(vocab=vocabulary, merges=[], unk_token="<unk>", byte_fallback=True))
    marks = [pre_tokenizers.Metaspace(replacement=MARK, prepend_scheme="always", split=False)] if marked else []
    t.pre_tokenizer = pre_tokenizers.Sequence(([pre_tokenizer] if pre_tokenizer else []) + marks)
    if normalizer:
        t.normalizer = normalizer
    t.decoder = decoders.Sequence([decoders.ByteFallback(), decoders.Replace(MARK, "|"), decoders.Fuse()])
    return t


def normalizer_kinds():
    n = normalizers
    yield "nfc", n.NFC()
    yield "nfd", n.NFD()
    yield "nfkc", n.NFKC()
    yield "nfkd", n.NFKD()
    yield "lowercase", n.Lowercase()
    yield "strip_left", n.Sequence([n.Strip(left=True, right=False), n.Prepend("<"), n.Replace("a", ""), n.Replace("e", "eee")])
    yield "strip_right", n.Sequence([n.Strip(left=False, right=True), n.StripAccents()])
    yield "strip", n.Strip()
    yield "nfd_accents", n.Sequence([n.NFD(), n.StripAccents(), n.Lowercase()])
    yield "nmt", n.Nmt()
    yield "charsmap", n.Precompiled(charsmap())
    yield "replace", n.Sequence([n.Replace(Regex(r"(?i)[aeiou]+|\s{2,}|\d(?=\d)"), "_x_"), n.Replace("o", "0"), n.Replace("'", "")])
    yield "byte_level_normalizer", n.ByteLevel()
    for i, on in enumerate(({"clean_text": False}, {"handle_chinese_chars": False}, {"strip_accents": False}, {"lowercase": False},
                            {"strip_accents": True, "lowercase": False, "clean_text": False})):
        yield f"bert_normalizer_{i}", n.BertNormalizer(**on)


def pre_tokenizer_kinds():
    p = pre_tokenizers
    for scheme in ("first", "never", "always"):
        for split in (True, False):
            yield f"metaspace_{scheme}_{int(split)}", p.Metaspace(prepend_scheme=scheme, split=split)
    yield "metaspace_words", p.Sequence([p.WhitespaceSplit(), p.Metaspace(replacement="e", prepend_scheme="first")])
    for behavior in ("removed", "isolated", "merged_with_previous", "merged_with_next", "contiguous"):
        yield f"split_{behavior}", p.Split(Regex(r"\s+|[aeiou]|\d\d"), behavior)
        yield f"split_{behavior}_inverted", p.Split(Regex(r"[a-z]*|\p{L}"), behavior, invert=True)
        yield f"split_{behavior}_string", p.Split(" ", behavior)
        yield f"punctuation_{behavior}", p.Punctuation(behavior)
    yield "bert_pre_tokenizer", p.BertPreTokenizer()
    yield "whitespace", p.Whitespace()
    yield "whitespace_split", p.WhitespaceSplit()
    yield "digits", p.Digits()
    yield "digits_individual", p.Digits(individual_digits=True)
    yield "delimiter", p.CharDelimiterSplit("e")
    yield "scripts", p.UnicodeScripts()
    yield "fixed_length", p.FixedLength(3)
    yield "byte_level", p.ByteLevel(add_prefix_space=True, use_regex=True)
    yield "chain", p.Sequence([p.UnicodeScripts(), p.Digits(), p.Punctuation("merged_with_previous"), p.Metaspace(prepend_scheme="first")])


WORDS = ["a", "e", "x", "##e", "##a", "##s", " ", "the", "##he", "t", "fox", "f", "o", "##x", ".", "'", "n", "n't", "'s", "do", "not", "don",
         "##t", "e</w>", "a</w>", "the</w>", "</w>", "</w>x</w>", "▁", "▁the", "▁a", "t▁", "\u0301", "中", "😀", "!", ",", "'re", "##", "###"]


def model_kinds():
    words = {s: i for i, s in enumerate(["[UNK]", *WORDS, "<0x41>", "<0xE4>", "<0xB8>", "<0xAD>", "<0x+A>", "<0xff>"])}
    mixed = pre_tokenizers.Split(Regex(r"\s+"), "isolated")
    for fuse in (False, True):
        for fallback in (False, True):
            t = Tokenizer(models.BPE(vocab=words, merges=[("t", "##he"), ("f", "o"), ("a", "##s")][:1], unk_token="[UNK]", fuse_unk=fuse,
                                     byte_fallback=fallback, continuing_subword_prefix="##"))
            t.decoder = decoders.WordPiece(cleanup=fuse)
            yield f"bpe_prefix_{int(fuse)}{int(fallback)}", t
            t = Tokenizer(models.BPE(vocab=words, merges=[("▁", "the"), ("▁", "a")], unk_token="[UNK]", fuse_unk=fuse,
                                     byte_fallback=fallback, end_of_word_suffix="</w>", ignore_merges=fallback))
            t.pre_tokenizer = mixed
            t.decoder = decoders.BPEDecoder()
            yield f"bpe_suffix_{int(fuse)}{int(fallback)}", t
            t = Tokenizer(models.BPE(vocab=words, merges=[], unk_token="[UNK]", fuse_unk=fuse, byte_fallback=fallback))
            t.decoder = decoders.Metaspace(prepend_scheme="never" if fuse else "first")
            yield f"bpe_plain_{int(fuse)}{int(fallback)}", t
        t = Tokenizer(models.Unigram([(s, -0.7 * (i % 5) - 0.1 * len(s)) for i, s in enumerate(words)], 0, fuse))
        t.decoder = decoders.Sequence([decoders.ByteFallback(), decoders.Strip("e", 2, 0), decoders.Replace(Regex("[a-f]+"), "<&>")])
        yield f"unigram_{int(fuse)}", t
        t = Tokenizer(models.WordPiece(vocab=words, unk_token="[UNK]", max_input_chars_per_word=6))
        t.pre_tokenizer = mixed
        t.decoder = decoders.Sequence([decoders.Fuse(), decoders.Replace("##", "="), decoders.Strip("e", 1, 0)] if fuse else [decoders.Fuse()])
        yield f"wordpiece_{int(fuse)}", t
    t = Tokenizer(models.WordLevel(vocab=words, unk_token="[UNK]"))
    t.pre_tokenizer = pre_tokenizers.Whitespace()
    yield "wordlevel", t
    t = Tokenizer(models.WordLevel(vocab=words, unk_token="[UNK]"))
    t.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    t.normalizer = normalizers.Lowercase()
    t.add_tokens([AddedToken("The", normalized=True), AddedToken("ABC", normalized=True, single_word=True), AddedToken("Fox", normalized=False)])
    t.add_special_tokens([AddedToken("[X]", normalized=True), AddedToken("[y]", normalized=True, lstrip=True, rstrip=True)])
    t.post_processor = processors.Sequence([
        processors.TemplateProcessing(single="[X] $A [y] [X]", special_tokens=[(s, t.token_to_id(s)) for s in ("[X]", "[y]")]),
        processors.BertProcessing(("[y]", t.token_to_id("[y]")), ("[X]", t.token_to_id("[X]")))])
    yield "added_normalized", t


def kinds():
    """(name, tokenizer)"""
    for name, normalizer in normalizer_kinds():
        yield name, spelled(normalizer=normalizer)
    yield "strip_first", spelled(pre_tokenizers.Metaspace(prepend_scheme="first"), normalizers.Sequence([
        normalizers.Strip(), normalizers.Replace(Regex("^ab?"), "c"), normalizers.Nmt()]), marked=False)
    for name, pre_tokenizer in pre_tokenizer_kinds():
        t = spelled(pre_tokenizer)
        t.add_special_tokens(["<s>"])
        yield name, t
    yield from model_kinds()
