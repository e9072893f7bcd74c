"""Suggest a known key for a misspelt one."""

from collections.abc import Iterable

_MIN_LENGTH = 3
_LONG_KEY = 5
"""Keys of this length may differ by two letters; shorter ones are too similar."""


def closest_key(key: str, known: Iterable[str]) -> str | None:
    """Return the known key that differs from `key` by a letter or two, else None."""
    limits = {
        name: 2 if min(len(name), len(key)) >= _LONG_KEY else 1
        for name in known
        if min(len(name), len(key)) >= _MIN_LENGTH and abs(len(name) - len(key)) <= 2  # noqa: PLR2004
    }
    near = [
        (distance, name)
        for name, limit in limits.items()
        if (distance := _distance(key.lower(), name)) <= limit
    ]
    return min(near)[1] if near else None


def _distance(left: str, right: str) -> int:
    """Return the edit distance, with transpositions (optimal string alignment)."""
    before: list[int] = []
    row = list(range(len(right) + 1))
    for i, letter in enumerate(left, 1):
        last, row = row, [i]
        for j, other in enumerate(right, 1):
            cost = min(last[j] + 1, row[j - 1] + 1, last[j - 1] + (letter != other))
            if i > 1 and j > 1 and (letter, left[i - 2]) == (right[j - 2], other):
                cost = min(cost, before[j - 2] + 1)
            row.append(cost)
        before = last
    return row[-1]
