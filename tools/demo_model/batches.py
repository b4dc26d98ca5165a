"""Batches as a pure function of the seed and of how many windows were taken: nothing else to save.

An epoch cuts the tokens into windows of the context's length, from an offset of its own, and goes
through them in an order of its own.
"""

import pathlib

import numpy as np
import torch


class Batches:
    def __init__(self, file: pathlib.Path, context: int, seed: int):
        self.tokens = np.fromfile(file, dtype=np.uint16)
        self.context = context
        self.seed = seed
        self.windows = (len(self.tokens) - 1 - context) // context  # per epoch
        if self.windows < 1:
            raise SystemExit(f"{file} has {len(self.tokens)} tokens; a context of {context} needs {2 * context + 1}")
        self._epoch = -1

    def _window(self, number: int) -> np.ndarray:
        epoch, index = divmod(number, self.windows)
        if epoch != self._epoch:
            rng = np.random.default_rng([self.seed, self.context, epoch])
            self._offset = int(rng.integers(self.context))
            self._order = rng.permutation(self.windows)
            self._epoch = epoch
        start = self._offset + int(self._order[index]) * self.context
        return self.tokens[start : start + self.context + 1]

    def batch(self, first: int, rows: int) -> tuple[torch.Tensor, torch.Tensor]:
        """Windows first .. first + rows - 1: inputs and the tokens that follow them, both [rows, context]."""
        windows = np.stack([self._window(first + i) for i in range(rows)]).astype(np.int64)
        both = torch.from_numpy(windows)
        return both[:, :-1].contiguous(), both[:, 1:].contiguous()
