"""The password of a mailbox."""

import pytest

from tests.feedback.doors.imap_servers import PASSWORD


@pytest.fixture
def password(monkeypatch):
    """Set the password of every mailbox."""
    monkeypatch.setenv("BOUNCES", PASSWORD)
