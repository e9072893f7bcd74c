"""Why a connection failed is said with the settings to look at, for mail servers and mailboxes alike."""

import socket
import ssl
from datetime import timedelta

import pytest

from syndicate.deliver.server_connection import ServerTable, tls_context

MAILBOX = ServerTable(
    name="bounces.imap", timeout=timedelta(seconds=30), tls_port=993, starttls_ports="143"
)


@pytest.mark.parametrize(
    ("error", "explained"),
    [
        (
            socket.gaierror(-2, "unknown"),
            "(unknown); look at bounces.imap.host and bounces.imap.port",
        ),
        (ConnectionRefusedError(), "nothing listens there"),
        (TimeoutError(), "no answer within 30 s"),
    ],
)
def test_an_error_is_explained_with_the_settings_to_look_at(error: OSError, explained: str) -> None:
    assert explained in MAILBOX.explain(error)


def test_any_other_error_is_left_to_the_caller() -> None:
    assert MAILBOX.explain(ConnectionResetError("gone")) == ""


def test_any_certificate_will_do_only_where_it_is_not_verified() -> None:
    assert tls_context(verify=True).verify_mode is ssl.CERT_REQUIRED
    unverified = tls_context(verify=False)
    assert (unverified.verify_mode, unverified.check_hostname) == (ssl.CERT_NONE, False)
