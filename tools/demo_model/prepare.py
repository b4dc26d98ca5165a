"""Trains the tokenizer on the corpus and writes the corpus as token files.

Into the work folder go tokenizer.json, train.bin and held_out.bin (uint16 tokens, <|endoftext|> after
each document) and corpus.json (counts and the corpus's hash, for the model card).

Example:
  python tools/demo_model/prepare.py --work build/demo_model
"""

import argparse
import json
import pathlib
import platform

import numpy as np
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

import corpus

VOCABULARY = 4096
END = "<|endoftext|>"
SPECIAL = [END, "<|system|>", "<|user|>", "<|assistant|>"]  # ids 0 to 3


def train_tokenizer(texts: list[str]) -> Tokenizer:
    """Byte-level BPE as GPT-2 has it: no text is unknown, and decoding gives back every byte."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=VOCABULARY,
        special_tokens=SPECIAL,
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    return tokenizer


def chat_text(question: str, answer: str) -> str:
    """Exactly what the chat template in export.py renders."""
    return f"<|user|>\n{question}\n<|assistant|>\n{answer}"


def encode(tokenizer: Tokenizer, texts: list[str]) -> np.ndarray:
    end = tokenizer.token_to_id(END)
    tokens: list[int] = []
    for encoding in tokenizer.encode_batch(texts):
        tokens += encoding.ids
        tokens.append(end)
    return np.array(tokens, dtype=np.uint16)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--work", type=pathlib.Path, default=pathlib.Path("build/demo_model"), help="work folder")
    args = parser.parse_args()
    args.work.mkdir(parents=True, exist_ok=True)

    docs = corpus.documents()
    train = [d for d in docs if not d.held_out]
    held_out = [d for d in docs if d.held_out]
    print(f"corpus: {len(train)} files to train on, {len(held_out)} held out")
    tokenizer = train_tokenizer([d.text for d in train])
    tokenizer.save(str(args.work / "tokenizer.json"))

    train_texts = []
    for d in train:  # chat pairs are spread over the corpus, each after the file it comes from
        train_texts.append(d.text)
        train_texts += [chat_text(q, a) for q, a in corpus.chat_pairs(d)]
    train_tokens = encode(tokenizer, train_texts)
    held_out_tokens = encode(tokenizer, [d.text for d in held_out])
    train_tokens.tofile(args.work / "train.bin")
    held_out_tokens.tofile(args.work / "held_out.bin")
    facts = {
        "python": platform.python_version(),
        "corpus_sha256": corpus.digest(docs),
        "train_files": len(train),
        "train_bytes": sum(len(t.encode()) for t in train_texts),
        "train_tokens": len(train_tokens),
        "held_out_files": len(held_out),
        "held_out_bytes": sum(len(d.text.encode()) for d in held_out),
        "held_out_tokens": len(held_out_tokens),
    }
    (args.work / "corpus.json").write_text(json.dumps(facts, indent=2) + "\n")
    print(json.dumps(facts, indent=2))


if __name__ == "__main__":
    main()
