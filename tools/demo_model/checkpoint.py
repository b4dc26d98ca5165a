"""A checkpoint is one file, replaced whole: a training that is cut off loses the work since the last one."""

import os
import pathlib

import torch

NAME = "checkpoint.pt"


def save(work: pathlib.Path, state: dict) -> None:
    temporary = work / (NAME + ".new")
    with open(temporary, "wb") as f:
        torch.save(state, f)
        f.flush()
        os.fsync(f.fileno())
    os.replace(temporary, work / NAME)


def load(work: pathlib.Path) -> dict | None:
    """The last checkpoint, on the CPU; None if there is none."""
    path = work / NAME
    return torch.load(path, map_location="cpu", weights_only=True) if path.exists() else None
