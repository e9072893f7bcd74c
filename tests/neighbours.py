"""The real neighbours that tests work against: skipped on a bare machine, never in CI."""

import os
from typing import Any

import pytest


def require(condition: Any, reason: str) -> None:
    """Skip the test where a neighbour is missing; in CI (`CI=true`) fail instead."""
    if condition:
        return
    if os.environ.get("CI"):
        pytest.fail(f"CI must have it: {reason}")
    pytest.skip(reason)
