"""The exported folder is what transformers reads, and a folder with other weights is refused."""

import pathlib
import tempfile
import unittest

import numpy as np
import torch

import export
from model import Llama
from prepare import train_tokenizer


class Export(unittest.TestCase):
    def setUp(self):
        self._folder = tempfile.TemporaryDirectory()
        self.addCleanup(self._folder.cleanup)
        self.work = pathlib.Path(self._folder.name) / "work"
        self.to = pathlib.Path(self._folder.name) / "to"
        self.work.mkdir()
        train_tokenizer(["def f(x):\n    return x + 1\n"] * 20).save(str(self.work / "tokenizer.json"))
        np.random.default_rng(1).integers(0, 4096, 400).astype(np.uint16).tofile(self.work / "held_out.bin")
        self.model = Llama()
        self.model.initialize(3)
        export.write_folder(self.model, self.work, self.to)

    def test_transformers_agrees(self):
        theirs, tokenizer = export.check(self.to, self.model, self.work)
        self.assertEqual(tokenizer.eos_token_id, theirs.generation_config.eos_token_id)
        self.assertTrue(export.complete(theirs, tokenizer, "def f(x):", 5).startswith("def f(x):"))
        self.assertEqual(tokenizer("def").input_ids, tokenizer("def", add_special_tokens=False).input_ids)

    def test_other_weights_are_refused(self):
        with torch.no_grad():
            self.model.model.layers[2].mlp.up_proj.weight[5] += 0.5
        with self.assertRaisesRegex(SystemExit, "not the trained one"):
            export.check(self.to, self.model, self.work)

    def test_card_says_which_windows_were_trained(self):
        state = {"seen": 4096, "taken": {256: 8, 2048: 1}}
        self.assertEqual(export.windows_words(state), "256 (50 %), then 2048 (50 %) tokens")


if __name__ == "__main__":
    unittest.main()
