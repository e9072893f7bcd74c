"""The quick lane, `pytest --quick`: no browser, no PostgreSQL, no real server, no other process.

What starts a server or a process is marked `neighbours`, and what takes long `slow`; browser,
PostgreSQL and the command line are known by their fixtures. An unmarked test that opens a port or starts a process all
the same fails in this lane, with a line that says what to do.
"""

import sys
from collections import Counter
from typing import Any

import pytest

NEEDS = {
    "subprocess.Popen": "starts a process",
    "os.fork": "starts a process",
    "os.posix_spawn": "starts a process",
    "socket.bind": "opens a port",
}
"""What the interpreter reports (https://docs.python.org/3/library/audit_events.html)."""
FIXTURES = {
    "browser": "with a browser",
    "postgresql": "with PostgreSQL",
    "initialised": "with the command line",
    "elsewhere": "with the command line",
}
"""Fixtures that need a neighbour; as a parameter's value, `postgresql` is a database."""
_SHARED = "left_out"


class QuickLane:
    """A plugin that leaves tests out, counts them, and checks the others."""

    def __init__(self) -> None:
        self._running = ""
        self._left_out: Counter[str] = Counter()
        sys.addaudithook(self._refuse)

    def pytest_collection_modifyitems(
        self, config: pytest.Config, items: list[pytest.Item]
    ) -> None:
        """Keep the quick tests."""
        reasons = {item: _reason(item) for item in items}
        config.hook.pytest_deselected(items=[item for item in items if reasons[item]])
        items[:] = [item for item in items if not reasons[item]]
        self._left_out = Counter(filter(None, reasons.values()))
        if hasattr(config, "workeroutput"):
            config.workeroutput[_SHARED] = dict(self._left_out)

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        """Take the counts from a worker of pytest-xdist: each collects everything."""
        self._left_out = Counter(getattr(node, "workeroutput", {}).get(_SHARED, {}))

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Any:
        """Remember which test runs."""
        self._running = item.nodeid
        try:
            return (yield)
        finally:
            self._running = ""

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        """Say what was left out."""
        counted = ", ".join(f"{count} {reason}" for reason, count in self._left_out.most_common())
        terminalreporter.write_line(f"not in the quick lane, but in `make test`: {counted}")

    def _refuse(self, event: str, _: object) -> None:
        if self._running and event in NEEDS:
            remedy = "mark it with pytest.mark.neighbours"
            raise RuntimeError(f"{self._running} {NEEDS[event]}: {remedy}")


def _reason(item: pytest.Item) -> str:
    """Say why a test isn't quick; "" if it is."""
    fixtures = set(getattr(item, "fixturenames", ()))
    parameters = getattr(getattr(item, "callspec", None), "params", {})
    for fixture, reason in FIXTURES.items():
        if fixture in fixtures or fixture in parameters.values():
            return reason
    if item.get_closest_marker("neighbours"):
        return "with a server or another process"
    return "that take long" if item.get_closest_marker("slow") else ""
