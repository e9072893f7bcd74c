"""Reading takes time in proportion to a file's size, whatever the file repeats."""

import gc
import time
from collections.abc import Callable
from contextlib import suppress

import pytest

from syndicate.intake.articles.parallel_parse import parse_file
from syndicate.intake.media.metadata import strip_metadata
from tests.intake.articles.repeated_patterns import ARTICLES, PICTURES

pytestmark = pytest.mark.slow
SMALL, LARGE = 25_000, 100_000
RATIO = 8
"""Four times the size takes four times as long; quadratic time would be sixteen times."""
FLOOR = 0.05
"""Seconds that are too few to tell one from the other."""
TRIES = 6


@pytest.mark.parametrize("name", ARTICLES)
def test_four_times_the_article_takes_no_eight_times_the_time(name, publication, tmp_path):
    config = publication()
    suffix, make = ARTICLES[name]

    def read(size: int) -> Callable[[], object]:
        file = tmp_path / f"{size}{suffix}"
        file.write_bytes(make(size))
        return lambda: parse_file(file, config, save_media=False)

    assert_linear(read(SMALL), read(LARGE))


@pytest.mark.parametrize("name", PICTURES)
def test_four_times_the_picture_takes_no_eight_times_the_time(name):
    make = PICTURES[name]

    def strip(size: int) -> Callable[[], object]:
        data = make(size)

        def stripped() -> None:
            with suppress(ValueError):
                strip_metadata(data)

        return stripped

    assert_linear(strip(SMALL), strip(LARGE))


def assert_linear(small: Callable[[], object], large: Callable[[], object]) -> None:
    """Compare processor times, the best of a few: what disturbs only ever adds to them."""
    best_small = best_large = float("inf")
    for _ in range(TRIES):
        best_large = min(best_large, taken(large))
        if best_large < FLOOR:
            return
        best_small = min(best_small, taken(small))
        if best_large < RATIO * best_small:
            return
    pytest.fail(f"{LARGE} bytes take {best_large:.2f} s, {SMALL} bytes {best_small:.2f} s")


def taken(act: Callable[[], object]) -> float:
    """Measure processor time without the garbage collector, which looks at other tests' leavings."""
    gc.disable()
    before = time.process_time()
    try:
        act()
        return time.process_time() - before
    finally:
        gc.enable()
