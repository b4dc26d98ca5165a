"""Trains small SentencePiece models and records what transformers and HF tokenizers make of them, for tests/text. Needs
sentencepiece and protobuf beside tools/requirements.txt, in an environment of its own:

    python make_sentencepiece_goldens.py tests/text/goldens

A folder holds tokenizer.model, and converted.json: the tokenizer.json that transformers makes of it.
"""

import json
import pathlib
import sys

import sentencepiece
from tokenizers import Tokenizer
from transformers import GemmaTokenizer, LlamaTokenizer, T5Tokenizer

import make_text_goldens

COMMON = {"vocab_size": 700, "character_coverage": 0.99, "minloglevel": 2, "normalization_rule_name": "identity"}
KINDS = {
    "sp_llama": (LlamaTokenizer, {"add_bos_token": True}, {
        "model_type": "bpe", "byte_fallback": True, "remove_extra_whitespaces": False, "split_digits": True,
        "user_defined_symbols": ["<sep>", "[INST]"]}),
    "sp_gemma": (GemmaTokenizer, {"add_bos_token": True}, {
        "model_type": "bpe", "byte_fallback": True, "remove_extra_whitespaces": False, "add_dummy_prefix": False,
        "user_defined_symbols": ["<mask>", "\n\n", "▁▁"], "control_symbols": ["<start_of_turn>"], "pad_id": 0, "eos_id": 1,
        "bos_id": 2, "unk_id": 3, "bos_piece": "<bos>", "eos_piece": "<eos>"}),
    "sp_t5": (T5Tokenizer, {"extra_ids": 0}, {"model_type": "unigram", "pad_id": 0, "eos_id": 1, "unk_id": 2, "bos_id": -1}),
}


def write(folder, name, tokenizer, config, trainer):
    target = folder / name
    target.mkdir(parents=True, exist_ok=True)
    lines = [line for text in make_text_goldens.corpus() for line in text.split("\n") if line.strip()]
    sentencepiece.SentencePieceTrainer.train(sentence_iterator=iter(lines), model_prefix=str(target / "tokenizer"),
                                             **COMMON, **trainer)
    (target / "tokenizer.vocab").unlink()
    t = tokenizer.from_pretrained(str(target), **config)
    (target / "tokenizer_config.json").write_text(json.dumps({k: v for k, v in config.items() if k != "extra_ids"}) + "\n")
    (target / "converted.json").write_text(t.backend_tokenizer.to_str() + "\n")
    make_text_goldens.record(target, Tokenizer.from_file(str(target / "converted.json")), name, 170)


if __name__ == "__main__":
    for kind, how in KINDS.items():
        write(pathlib.Path(sys.argv[1]), kind, *how)
