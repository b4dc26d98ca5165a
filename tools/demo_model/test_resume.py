"""A training that is killed and resumed ends with the same bits as one that was not.

Example:
  build/venv/bin/python -m unittest discover -s tools/demo_model -v
"""

import pathlib
import signal
import subprocess
import sys
import tempfile
import unittest

import numpy as np
import torch

import checkpoint

TRAIN = pathlib.Path(__file__).with_name("train.py")
STEPS = 12
BATCH = 256


def equal(a, b) -> bool:
    if isinstance(a, torch.Tensor):
        return torch.equal(a, b)
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(equal(a[k], b[k]) for k in a)
    if isinstance(a, list):
        return len(a) == len(b) and all(equal(x, y) for x, y in zip(a, b))
    return a == b


class Resume(unittest.TestCase):
    def setUp(self):
        self._folder = tempfile.TemporaryDirectory()
        self.addCleanup(self._folder.cleanup)

    def work(self, name: str) -> pathlib.Path:
        folder = pathlib.Path(self._folder.name) / name
        folder.mkdir()
        rng = np.random.default_rng(5)
        for file, count in (("train.bin", 1500), ("held_out.bin", 200)):
            rng.integers(0, 4096, count).astype(np.uint16).tofile(folder / file)
        return folder

    def train(self, work: pathlib.Path, end_with: signal.Signals | None = None) -> tuple[list[str], int]:
        """Trains to the end, or sends the signal once the second checkpoint is written."""
        command = [sys.executable, str(TRAIN), "--work", str(work), "--tokens", str(STEPS * BATCH), "--no-compile",
                   "--batch-tokens", str(BATCH), "--context", "64", "--long-context", "128", "--long-from", "0.5",
                   "--steps-per-save", "2", "--threads", "1"]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        lines, saves = [], 0
        for line in process.stdout:
            lines.append(line.strip())
            saves += line.startswith("saved")
            if end_with and saves == 2:
                process.send_signal(end_with)
                end_with = None
        process.stdout.close()
        return lines, process.wait()

    def finished(self, work: pathlib.Path) -> dict:
        state = checkpoint.load(work)
        del state["elapsed"]
        return state

    def test_killed_or_stopped_equals_uninterrupted(self):
        whole = self.work("whole")
        lines, code = self.train(whole)
        self.assertEqual((code, lines[-1]), (0, "finished"))
        expected = self.finished(whole)
        self.assertEqual(expected["step"], STEPS)
        self.assertEqual(set(expected["taken"]), {64, 128})  # both contexts were trained
        for end_with in (signal.SIGKILL, signal.SIGTERM):
            with self.subTest(end_with=end_with.name):
                work = self.work(end_with.name)
                _, code = self.train(work, end_with)
                self.assertEqual(code, 0 if end_with == signal.SIGTERM else -end_with)
                self.assertLess(checkpoint.load(work)["step"], STEPS)
                lines, code = self.train(work)
                self.assertEqual(code, 0)
                self.assertTrue(lines[0].startswith("resumed at step"), lines[0])
                self.assertTrue(equal(self.finished(work), expected))

    def test_other_data_gives_other_weights(self):
        """The comparison above can fail."""
        a, b = self.work("a"), self.work("b")
        tokens = np.fromfile(b / "train.bin", dtype=np.uint16)
        tokens[::7] = 1
        tokens.tofile(b / "train.bin")
        self.train(a)
        self.train(b)
        self.assertFalse(equal(self.finished(a), self.finished(b)))


if __name__ == "__main__":
    unittest.main()
