"""Readiness over HTTP: mail that stands still, and disks that take nothing more."""

import errno
import re
import threading
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import pytest

from syndicate import clock
from syndicate.config import Config
from syndicate.config.sections.alarms import AlarmSettings
from syndicate.deliver.worker import configured_transports, drain
from syndicate.model.subscribers import Actor, Cause
from syndicate.store import Heartbeat, Store
from syndicate.web.app import application
from syndicate.web.telemetry.readiness import Readiness
from tests.deliver.editions import draft, freeze, links, subscribe
from tests.deliver.mail_servers import real_server
from tests.ports import free_port
from tests.until import away_from_midnight
from tests.web.asgi_client import Client
from tests.web.telemetry.figures import metrics, publish

pytestmark = pytest.mark.neighbours

LOCAL = "127.0.0.1:8000"
STRANGER = {"host": "news.example.org"}


@dataclass
class Publication:
    """A publication with an edition whose mail server may be down."""

    store: Store
    config: Config
    edition: int
    since: datetime
    """When its edition was made."""

    @property
    def client(self) -> Client:
        """Somebody who asks a process that has just begun, so that nothing is remembered."""
        return Client(application(self.store, self.config), host=LOCAL)

    def ready(self, **headers: str) -> tuple[int, list[str]]:
        answer = self.client.get("/readyz", headers=headers)
        return answer.status_code, answer.text.splitlines()

    def deliver(self) -> None:
        """Hand over what is due, by the real clock."""
        relays, ours = configured_transports(self.config), links(self.store, self.config)
        now, never = clock.now(), threading.Event()
        drain(self.store, self.config, relays, ours, at=now, stop=never)


@pytest.fixture
def due(sqlite_store, publication, tmp_path):
    """Make a publication whose edition is due for some minutes."""

    def make(minutes: float, *emails: str, **mail) -> Publication:
        relay = {"transport": "smtp", "host": "127.0.0.1", "port": free_port(), "security": "none"}
        config = publication(mail={**relay, "from": "news@example.org", **mail})
        publish(tmp_path)
        at = clock.now() - timedelta(minutes=minutes)
        subscribe(sqlite_store, *(emails or ("ada@example.org",)))
        expires = at + timedelta(days=1)
        edition = freeze(sqlite_store, replace(draft(), created_at=at, expires_at=expires))
        return Publication(sqlite_store, config, edition.key, at)

    return make


def written(at: datetime) -> str:
    return at.strftime("%Y-%m-%d %H:%M UTC")


def test_a_dead_mail_server_is_in_readiness_and_figures_until_it_takes_mail_again(due):
    post = due(10)
    post.deliver()

    code, lines = post.ready()

    assert code == 503
    assert lines[:3] == [
        f"no mail was accepted since {written(post.since)} while mail waits",
        f"the oldest message waits since {written(post.since)}",
        "there was no tick yet",
    ]
    assert lines[3].startswith("a mail server takes nothing: 127.0.0.1: ")
    assert "nothing listens there" in lines[3]
    stranger = post.ready(**STRANGER)
    assert stranger == (503, [*lines[:3], "a mail server takes nothing"])
    for path in ("/healthz", "/readyz/web"):
        assert post.client.get(path).text == "ok\n"
    seen = metrics(post.client)
    assert seen("syndicate_relay_held", "127.0.0.1") == 1
    assert seen("syndicate_mail_idle_seconds") >= 600
    assert seen("syndicate_mail_oldest_waiting_seconds") >= 600
    assert seen("syndicate_last_mail_accepted_timestamp_seconds") == 0
    assert seen("syndicate_last_tick_timestamp_seconds") == 0

    with real_server(port=post.config.mail.port):
        post.deliver()

    assert post.ready() == (200, ["ok"])
    seen = metrics(post.client)
    assert seen("syndicate_relay_held", "127.0.0.1") == 0
    assert seen("syndicate_mail_idle_seconds") == 0
    assert seen("syndicate_mail_oldest_waiting_seconds") == 0
    assert seen("syndicate_last_mail_accepted_timestamp_seconds") >= post.since.timestamp() + 600


def test_mail_that_nobody_delivers_is_in_readiness_with_the_last_tick(due):
    post = due(10)
    ticked = clock.now() - timedelta(hours=3)
    with post.store.write() as tx:
        tx.heartbeats.record(Heartbeat.TICK, ticked)

    code, lines = post.ready(**STRANGER)

    assert code == 503
    assert lines[-1] == f"the last tick was at {written(ticked)}"
    assert metrics(post.client)("syndicate_last_tick_timestamp_seconds") == ticked.timestamp()


def test_mail_that_has_just_become_due_is_no_reason(due):
    assert due(3).ready() == (200, ["ok"])


def test_an_edition_that_somebody_paused_is_no_reason(due):
    post = due(10)
    with post.store.write() as tx:
        cause = Cause(who=Actor.OPERATOR, how="pause", at=clock.now())
        tx.control.pause(post.edition, cause=cause)
    assert post.ready() == (200, ["ok"])


def test_a_pause_of_all_mail_is_a_reason_and_only_the_operator_sees_whose(due):
    post = due(minutes=10)
    cause = Cause(who=Actor.OPERATOR, how="syndicate pause --all, by ann", at=clock.now())
    with post.store.write() as tx:
        tx.mail_pause.begin(replace(cause, why="wrong list"))
    [reason] = post.ready()[1]
    assert re.fullmatch(
        r"all mail is paused since .* UTC: syndicate pause --all, by ann: wrong list", reason
    )
    status, [public] = post.ready(**STRANGER)
    assert (status, public.endswith(" UTC")) == (503, True)
    assert metrics(post.client)("syndicate_mail_paused") == 1
    assert metrics(post.client)("syndicate_mail_idle_seconds") == 0
    with post.store.write() as tx:
        tx.mail_pause.end(cause)
    assert "paused" not in "".join(post.ready()[1])
    assert metrics(post.client)("syndicate_mail_paused") == 0


def test_mail_for_domains_that_want_nothing_is_no_reason_and_other_mail_is(due):
    post = due(10, "ada@busy.example", "bo@busy.example")
    with post.store.write() as tx:
        tx.holds.extend("domain:busy.example", reason="421 4.7.28 slow down", at=clock.now())
    assert post.ready() == (200, ["ok"])
    more = due(10, "cy@other.example")
    assert more.ready()[0] == 503


def test_mail_that_waits_for_the_next_day_of_warm_up_is_no_reason(due):
    away_from_midnight()
    today = clock.now().date()
    post = due(10, "ada@example.org", "bo@example.org", warm_up=[1], warm_up_from=today)
    at_once = AlarmSettings.model_construct(to=(), webhook=None, silent_for=timedelta(0))
    post = replace(post, config=post.config.override(alarms=at_once))
    with real_server(port=post.config.mail.port) as (_, boxes):
        post.deliver()
    assert len(boxes.envelopes) == 1
    assert post.ready() == (200, ["ok"])
    mail = post.config.mail.model_copy(update={"warm_up": ()})
    mail.__dict__.pop("servers")
    assert replace(post, config=post.config.override(mail=mail)).ready()[0] == 503


def test_a_write_that_fails_is_in_readiness_and_pages_stay_up(due, monkeypatch):
    def full(**_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("syndicate.web.telemetry.readiness.tempfile.TemporaryFile", full)
    post = due(0)

    code, lines = post.ready()

    assert code == 503
    assert [line.partition(":")[0] for line in lines] == [
        "the store can't be written",
        "the output can't be written",
    ]
    assert all("No space left on device" in line for line in lines)
    stranger = ["the store can't be written", "the output can't be written"]
    assert post.ready(**STRANGER) == (503, stranger)
    assert post.client.get("/readyz/web").text == "ok\n"


def test_probes_do_not_wait_for_one_that_hangs(due, monkeypatch):
    hangs, goes_on = threading.Event(), threading.Event()

    def hang(*_: object) -> Iterator[tuple[str, str]]:
        hangs.set()
        assert goes_on.wait(60)
        yield from ()

    post = due(0)
    client = post.client
    monkeypatch.setattr("syndicate.web.telemetry.readiness.find_write_errors", hang)
    first = threading.Thread(target=client.get, args=("/readyz",))
    first.start()
    try:
        assert hangs.wait(60)
        assert client.get("/readyz").text == "mail and disks are not checked yet\n"
        monkeypatch.setattr("syndicate.web.telemetry.readiness._SLOW", 0.0)
        assert client.get("/readyz").text.splitlines()[-1] == "checking mail and disks hangs"
        assert client.get("/readyz/web").text == "ok\n"
    finally:
        goes_on.set()
        first.join()
    assert client.get("/readyz").text == "ok\n"


def test_a_process_that_only_serves_needs_no_secret(sqlite_store, publication, tmp_path):
    relay = {"transport": "smtp", "host": "mail.example.org", "from": "news@example.org"}
    login = {"username": "me", "password_env": "NO_SUCH_PASSWORD"}
    config = publication(mail={**relay, **login})
    publish(tmp_path)
    for sends in (True, False):
        readiness = Readiness(sqlite_store, config, stopping=lambda: False, sends=sends)
        texts = [reason.text for reason in readiness.check_all()]
        assert ("mail can't be sent" in texts) is sends


def test_a_hook_without_its_secret_is_for_every_process_that_serves_and_a_mailbox_for_who_sends(
    sqlite_store, publication, tmp_path
):
    imap = {"host": "imap.example.org", "username": "b", "password_env": "NO_SUCH_PASSWORD"}
    hook = {"name": "brevo", "kind": "brevo", "secret_env": "NO_SUCH_SECRET"}
    bounces = {"address": "bounce@news.example.org", "imap": imap}
    config = publication(bounces=bounces, hooks=[hook])
    publish(tmp_path)
    for sends in (True, False):
        readiness = Readiness(sqlite_store, config, stopping=lambda: False, sends=sends)
        reasons = [reason for reason in readiness.check_all() if "bounces" in reason.text]
        details = " ".join(reason.detail for reason in reasons)
        assert "hooks.brevo.secret_env" in details
        assert ("bounces.imap.password_env" in details) is sends
        assert not any("NO_SUCH" in reason.text for reason in reasons)
