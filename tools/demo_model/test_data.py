"""The corpus's split, the batches and the schedule keep what their comments promise."""

import pathlib
import tempfile
import unittest

import numpy as np
import torch

import corpus
from batches import Batches
from schedule import LAST_RATE, Budget, context_length, learning_rate


class Corpus(unittest.TestCase):
    def test_split_depends_on_the_path_alone(self):
        paths = [f"folder/file{i}.py" for i in range(5000)]
        held_out = [corpus.Document(p, "").held_out for p in paths]
        self.assertEqual(held_out, [corpus.Document(p, "other text").held_out for p in paths])
        self.assertAlmostEqual(sum(held_out) / len(paths), corpus.HELD_OUT_PERCENT / 100, delta=0.01)

    def test_tests_tables_and_packages_are_left_out(self):
        for path, wanted in (("os.py", True), ("json/decoder.py", True), ("test/test_os.py", False),
                             ("site-packages/pip/x.py", False), ("encodings/cp437.py", False),
                             ("_sysconfigdata__linux.py", False)):
            self.assertEqual(corpus.is_wanted(pathlib.PurePosixPath(path)), wanted, path)

    def test_chat_pairs_are_short_functions_with_docstrings(self):
        text = 'def f(x):\n    """Return x plus one, always."""\n    return x + 1\n\ndef g():\n    pass\n'
        self.assertEqual(corpus.chat_pairs(corpus.Document("a.py", text)),
                         [("Write f: Return x plus one, always.",
                           'def f(x):\n    """Return x plus one, always."""\n    return x + 1')])
        self.assertEqual(corpus.chat_pairs(corpus.Document("a.py", "print 'two'")), [])


class BatchOrder(unittest.TestCase):
    def setUp(self):
        self._folder = tempfile.TemporaryDirectory()
        self.addCleanup(self._folder.cleanup)
        self.file = pathlib.Path(self._folder.name) / "tokens.bin"
        np.arange(1000, dtype=np.uint16).tofile(self.file)

    def test_targets_follow_inputs(self):
        tokens, following = Batches(self.file, 10, 1).batch(3, 4)
        self.assertEqual(tuple(tokens.shape), (4, 10))
        self.assertTrue(torch.equal(tokens + 1, following))

    def test_any_start_gives_the_same_windows(self):
        straight = Batches(self.file, 10, 1).batch(0, 250)[0]  # two epochs and a part of the third
        for first in (0, 97, 98, 99, 240):
            self.assertTrue(torch.equal(Batches(self.file, 10, 1).batch(first, 5)[0], straight[first : first + 5]))

    def test_an_epoch_takes_each_window_once_and_in_another_order(self):
        batches = Batches(self.file, 10, 1)
        epochs = [batches.batch(e * batches.windows, batches.windows)[0][:, 0] for e in range(2)]
        for starts in epochs:
            ordered = starts.sort().values
            self.assertTrue(torch.equal(ordered.diff(), torch.full((batches.windows - 1,), 10)))
        self.assertFalse(torch.equal(epochs[0], epochs[1]))

    def test_too_few_tokens_are_refused(self):
        with self.assertRaisesRegex(SystemExit, "1000 tokens"):
            Batches(self.file, 900, 1)


class Schedule(unittest.TestCase):
    def test_rate_rises_to_the_peak_and_falls(self):
        rates = [learning_rate(i / 1000, 3e-3) for i in range(1001)]
        top = rates.index(max(rates))
        self.assertAlmostEqual(rates[top], 3e-3)
        self.assertEqual(rates[:top], sorted(rates[:top]))
        self.assertEqual(rates[top:], sorted(rates[top:], reverse=True))
        self.assertAlmostEqual(rates[-1], 3e-3 * LAST_RATE)

    def test_budgets(self):
        self.assertEqual(Budget(seconds=100).progress(25, 0), 0.25)
        self.assertEqual(Budget(tokens=100).progress(1e9, 50), 0.5)
        self.assertEqual(Budget(tokens=100).progress(0, 150), 1.0)

    def test_long_windows_come_last(self):
        self.assertEqual([context_length(p, 512, 2048, 0.85) for p in (0, 0.84, 0.85, 1)], [512, 512, 2048, 2048])


if __name__ == "__main__":
    unittest.main()
