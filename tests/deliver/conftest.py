"""What all tests of delivery share."""

import pytest


@pytest.fixture(autouse=True)
def retries_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ask a store that failed again soon, not after a second."""
    monkeypatch.setattr("syndicate.deliver.loop.ledger._RETRY_INTERVAL", 0.05)
