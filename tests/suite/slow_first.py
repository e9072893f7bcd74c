"""The slow tests first, an equal share for each worker of pytest-xdist.

`--dist=worksteal` deals the tests in runs of equal length, in their order, and moves those that
wait to idle workers. Had one worker the slow ones, or were they last, the others would wait for it.
"""

from collections import defaultdict

import pytest


def deal(items: list[pytest.Item], workers: int) -> list[pytest.Item]:
    """Order tests so that each worker's run of them begins with its share of the slow ones."""
    groups: defaultdict[str, list[pytest.Item]] = defaultdict(list)
    for item in items:
        if item.get_closest_marker("slow"):
            groups[_group(item)].append(item)
    shares: list[list[pytest.Item]] = [[] for _ in range(workers)]
    for group in groups.values():
        min(shares, key=len).extend(group)
    others = iter([item for item in items if not item.get_closest_marker("slow")])
    ordered: list[pytest.Item] = []
    for number, share in enumerate(shares, 1):
        run_end = len(items) * number // workers
        ordered += share
        ordered += [item for _, item in zip(range(run_end - len(ordered)), others, strict=False)]
    return ordered


def _group(item: pytest.Item) -> str:
    """Name what stays together: the tests of a folder or file that share a fixture, else each test.

    A fixture that is only asked for by `request.getfixturevalue` isn't seen here.
    """
    assert isinstance(item, pytest.Function)
    scopes = {found[-1].scope for found in item._fixtureinfo.name2fixturedefs.values()}
    if "package" in scopes:
        return str(item.path.parent)
    return str(item.path) if "module" in scopes else item.nodeid
