"""Random strings of the kinds that tokenizers get wrong, from a seed."""

import random
import sys
import unicodedata

SCRIPTS = [
    "The quick brown fox jumps over the lazy dog; it's 12345 o'clock, we've DON'T they'll I'M he'd",
    "Größe über façade naïve Ærøskøbing ŒUVRE ĳ ſ ß ẞ İstanbul ılık ŉ",
    "Быстрая коричневая лиса перепрыгивает через ленивую собаку",
    "Η γρήγορη αλεπού πηδά πάνω από το σκυλί, ΰ ΐ ς",
    "敏捷的棕色狐狸跳过懒狗。中文分词測試",
    "素早い茶色の狐がのろまな犬を飛び越える。ｶﾀｶﾅ ァィゥ",
    "빠른 갈색 여우가 게으른 개를 뛰어넘는다 한글",
    "الثعلب البني السريع يقفز فوق الكلب الكسول ١٢٣٤",
    "השועל החום המהיר קופץ מעל הכלב העצלן",
    "तेज़ भूरी लोमड़ी आलसी कुत्ते के ऊपर कूदती है १२३",
    "สุนัขจิ้งจอกสีน้ำตาลกระโดดข้ามสุนัขขี้เกียจ ๑๒๓",
    "নমস্কার பழுப்பு నమస్కారం ನಮಸ್ಕಾರ ഹലോ ສະບາຍດີ မင်္ဂလာပါ ሰላም გამარჯობა բարև",
    "½ ⅔ ² ³ ① Ⅳ ㊿ ㎏ ﬁ ﬂ ℃ № ™ µ Ω K Å",
]
EMOJI = ["😀", "👩‍👩‍👧‍👦", "👍🏽", "🇩🇪🇫🇷", "❤️", "☕", "🏴󠁧󠁢󠁥󠁮󠁧󠁿", "1️⃣", "🧑🏿‍🚀", "\u200d", "\ufe0f", "🀄"]
COMBINING = ["e\u0301", "a\u0308\u0323", "\u0301", "q\u0307\u0323", "한", "\u1112\u1161\u11ab", "क्षि", "\u034f", "\u20dd"]
SPACES = [" ", "  ", "   ", "\t", "\n", "\r\n", "\n\n", " \n", "\n ", "\r", "\u00a0", "\u2003", "\u3000", "\u2028", "\u2029",
          "\u0085", "\u180e", "\u200b", "\ufeff", "\u1680", "\u202f", "\u205f", "\x0b", "\x0c", "\x1c", "\x1f"]
CONTROL = ["\0", "\x01", "\x1b[0m", "\x7f", "\x80", "\x9f", "\ufffd", "\uffff", "\U0010ffff", "\ue000", "\u202e", "\u2066"]
CODE = [
    "def read_lines(path):\n    with open(path) as f:\n        return [line.rstrip('\\n') for line in f]\n",
    "    if x != 0 and y <= 1e-9:\n\t\treturn {**kw, 'a': [1, 2, 3]}\n",
    "#include <vector>\nint main() { return 0x1F >> 3; } // done\n",
    "<div class=\"a\">&nbsp;</div>\r\n", "SELECT * FROM t WHERE a='it''s';", "a_b.c->d::e", "!!!???...", "$$$ ### @@@",
    "http://example.com/?q=1&r=%20#x", "1234567890", "3.14159265358979", "1,000,000", "v1.2.3-rc4", "ABCdefGHI", "XMLHttpRequest",
]
CONTRACTIONS = ["it's", "IT'S", "don't", "we'll", "WE'LL", "I'm", "'s", "'S", "'\u017f", "they've", "'re", "'RE", "you'd", "’s", "''t", "'x"]


def assigned(code_point):
    """In the tables of this Python (3.11: Unicode 14, as PCRE2 10.42 has them); newer characters differ by library."""
    return not 0xD800 <= code_point <= 0xDFFF and unicodedata.category(chr(code_point)) != "Cn"


def random_character(rng):
    high = rng.choice([0x7F, 0xFF, 0x24F, 0x5FF, 0x10FF, 0x2FFF, 0xFFFF, 0x1FFFF, 0x10FFFF])
    while True:
        code_point = rng.randint(0, high)
        if assigned(code_point):
            return chr(code_point)


def fragment(rng, specials):
    kind = rng.randrange(11)
    if kind == 0:
        words = rng.choice(SCRIPTS).split(" ")
        begin = rng.randrange(len(words))
        return " ".join(words[begin:begin + rng.randint(1, 4)])
    if kind == 1:
        text = rng.choice(SCRIPTS)
        begin = rng.randrange(len(text))
        return text[begin:begin + rng.randint(1, 12)]
    if kind == 2:
        return rng.choice(EMOJI) * rng.randint(1, 2)
    if kind == 3:
        return rng.choice(COMBINING)
    if kind == 4:
        return rng.choice(SPACES) * rng.choice([1, 1, 1, 2, 3, 7])
    if kind == 5:
        return rng.choice(CONTROL)
    if kind == 6:
        text = rng.choice(CODE)
        begin = rng.randrange(len(text)) if rng.random() < 0.5 else 0
        return text[begin:]
    if kind == 7:
        return rng.choice(CONTRACTIONS)
    if kind == 8 and specials:
        text = rng.choice(specials)
        return text[:rng.randint(1, len(text))] if rng.random() < 0.2 else text
    if kind == 9:
        return rng.choice("aZ0 -'_é中\n") * rng.choice([1, 2, 3, 9, 40])
    return "".join(random_character(rng) for _ in range(rng.randint(1, 6)))


def random_string(rng, specials=(), most=6):
    return "".join(fragment(rng, specials) for _ in range(rng.randint(1, most)))


def strings(seed, count, specials=(), most=6):
    """Fixed whole samples first, then random ones."""
    rng = random.Random(seed)
    fixed = ["", " ", "\n", "\0"] + SCRIPTS + CODE + [" " * n + "x" for n in (2, 17, 80)]
    return (fixed + [random_string(rng, specials, most) for _ in range(count)])[:max(count, 0)]


if __name__ == "__main__":
    for s in strings(int(sys.argv[1]), int(sys.argv[2])):
        print(repr(s))
