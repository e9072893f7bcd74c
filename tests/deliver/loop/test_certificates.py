"""The certificate that a relay shows is kept, so that its end is known without another call."""

from datetime import timedelta

import pytest

from syndicate import clock
from syndicate.deliver.worker import configured_transports
from tests.deliver.editions import drain_ledger, freeze, subscribe
from tests.deliver.mail_servers import certificate, real_server

pytestmark = pytest.mark.neighbours

DAY = timedelta(days=1)


@pytest.fixture
def trusted(tmp_path, monkeypatch):
    context, file = certificate(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(file))
    return context


@pytest.mark.parametrize("verify", [True, False], ids=["verified", "unverified"])
@pytest.mark.parametrize("security", ["starttls", "tls", "none"])
def test_the_certificate_of_a_session_is_kept(store, publication, trusted, security, verify):
    subscribe(store, "ada@example.org", "bo@example.org")
    freeze(store)
    contexts = {name: trusted if name == security else None for name in ("tls", "starttls")}
    with real_server(tls=contexts["tls"], starttls=contexts["starttls"]) as (port, boxes):
        way = {"transport": "smtp", "host": "localhost", "port": port, "from": "news@example.org"}
        config = publication(mail={**way, "security": security, "verify": verify})
        drain_ledger(store, config, configured_transports(config))
    assert len(boxes.envelopes) == 2
    with store.read() as tx:
        kept = tx.certificates.all()
    if security == "none":
        assert kept == []
        return
    [seen] = kept
    assert seen.relay == "localhost"
    assert abs(seen.ends_at - clock.now() - 2 * DAY) < DAY / 10
    assert seen.starts_at <= seen.seen_at <= clock.now()
    assert not seen.is_ending(clock.now()), "a short one ends in its last quarter"
    assert seen.is_ending(seen.ends_at - DAY / 4)
