"""Tells linear time from quadratic time, on a machine that does other things as well."""

import gc
import time
from collections.abc import Callable

import pytest

SMALL, LARGE = 12_500, 100_000
"""Bytes, or whatever the work's size is counted in."""
_RATIO = 24
"""Eight times the size takes eight times as long; quadratic time would be 64 times."""
_FLOOR = 0.1
"""Seconds that are too few to tell one from the other."""
_TRIES = 20
"""One that succeeds is enough: quadratic time is never linear by chance."""


def assert_linear(work: Callable[[int], Callable[[], object]]) -> None:
    """Fail if the work takes quadratic time; `work(size)` prepares it and returns what is measured.

    Processor times are compared, the best of a few: what disturbs only ever adds to them.
    """
    small, large = work(SMALL), work(LARGE)
    best_small = best_large = float("inf")
    for _ in range(_TRIES):
        best_large = min(best_large, _measure(large))
        if best_large < _FLOOR:
            return
        best_small = min(best_small, _measure(small))
        if best_large < _RATIO * best_small:
            return
    pytest.fail(f"size {LARGE} takes {best_large:.3f} s, size {SMALL} takes {best_small:.4f} s")


def _measure(act: Callable[[], object]) -> float:
    """Measure processor time without the garbage collector, which looks at other tests' leavings."""
    gc.disable()
    before = time.process_time()
    try:
        act()
        return time.process_time() - before
    finally:
        gc.enable()
