"""Sites that mail providers report to, with their secrets, and with Amazon's hosts."""

from typing import Any

import pytest

from syndicate import clock
from tests.feedback.providers.provider_calls import CERTIFICATE_URL, AmazonClient, sns_certificate
from tests.web.webhooks.hook_site import DAY, HookSite, hook_tables, secrets_in_the_environment


@pytest.fixture(autouse=True)
def secrets(monkeypatch):
    """Set the secrets of all hooks."""
    for name, secret in secrets_in_the_environment().items():
        monkeypatch.setenv(name, secret)


@pytest.fixture(autouse=True)
def amazon(monkeypatch):
    """Amazon's hosts, with a certificate that is valid today."""
    client = AmazonClient()
    client.pages[CERTIFICATE_URL] = sns_certificate(since=clock.now() - 30 * DAY)
    monkeypatch.setattr("syndicate.feedback.providers.hook_reader.HttpClient", lambda: client)
    return client


@pytest.fixture
def site(web, sqlite_store, publication):
    """A factory of sites with hooks; tables are given as in config.toml."""

    def open_(*kinds: str, **tables: Any) -> HookSite:
        tables = {"hooks": hook_tables(*kinds)} | tables
        client = web(**tables)
        return HookSite(sqlite_store, publication(**tables), client)

    return open_
