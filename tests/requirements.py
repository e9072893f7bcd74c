"""Programs that tests need: without them tests are skipped, but fail in CI."""

import os
from typing import Any

import pytest


def require(condition: Any, reason: str) -> None:
    """Skip the test unless the condition is true; in CI (`CI=true`) fail instead."""
    if condition:
        return
    if os.environ.get("CI"):
        pytest.fail(f"CI must have it: {reason}")
    pytest.skip(reason)
