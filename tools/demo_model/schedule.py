"""How far a training is, and the learning rate and context length that belong there.

The budget is either time (ends when it must, however busy the machine is) or tokens (repeatable to the bit).
"""

import math
from dataclasses import dataclass

WARM_UP = 0.02  # of the budget
LAST_RATE = 0.02  # of the peak


@dataclass(frozen=True)
class Budget:
    seconds: float | None = None
    tokens: int | None = None

    def progress(self, elapsed: float, seen: int) -> float:
        """0 at the start, 1 when the budget is spent."""
        done = elapsed / self.seconds if self.seconds is not None else seen / self.tokens
        return min(1.0, done)


def learning_rate(progress: float, peak: float) -> float:
    if progress < WARM_UP:
        return peak * max(progress, 1e-3) / WARM_UP
    along = (progress - WARM_UP) / (1 - WARM_UP)
    return peak * (LAST_RATE + (1 - LAST_RATE) * 0.5 * (1 + math.cos(math.pi * along)))


def context_length(progress: float, short: int, long: int, long_from: float) -> int:
    """Short windows first, which are cheap; long ones at the end, so that every position is trained."""
    return long if progress >= long_from else short
