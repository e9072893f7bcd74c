"""A server that has no timeouts."""

import pytest


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Disable timeouts, so that a test sees what else ends a connection."""
    monkeypatch.setattr("syndicate.web.server.connection.RECEIVE_TIMEOUT", 10_000)
    monkeypatch.setattr("syndicate.web.server.connection.SEND_TIMEOUT", 10_000)
