"""Commands that send nothing need no secret; what sends reads it when mail is about to leave."""

import json
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from tests.cli.conftest import Operator
from tests.cli.editions.test_mail_server import ledger
from tests.cli.operation.test_run import running, until
from tests.deliver.dkim_keys import pem
from tests.deliver.dns_zone import Zone, served
from tests.deliver.mail_servers import real_server
from tests.ports import free_port

pytestmark = pytest.mark.neighbours

SMTP = """\
[mail]
transport = "smtp"
host = "127.0.0.1"
port = {port}
security = "none"
from = "Post <news@example.org>"
"""
LOGIN = 'username = "post"\n{named}\n'
KEY = '[[mail.dkim]]\nselector = "s1"\n{named}\n'


@dataclass
class Post:
    """A publication by SMTP whose secret can be missing."""

    operator: Operator
    where: str
    """The key of config.toml that names the secret."""
    value: str
    secret: str

    @property
    def file(self) -> Path | None:
        return self.operator.folder / self.value if self.where.endswith("_file") else None

    def provide(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Put the secret where the config says that it is."""
        if self.file is None:
            monkeypatch.setenv(self.value, self.secret)
        else:
            written = self.file.with_suffix(".new")
            written.touch(0o600)
            written.write_text(self.secret)
            written.rename(self.file)  # whole, whoever reads it meanwhile

    def lose(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Take the secret away."""
        if self.file is None:
            monkeypatch.delenv(self.value)
        else:
            self.file.unlink()

    def tick(self, *words: str, code: int) -> str:
        ticked = self.operator.run("tick", *words)
        assert ticked.code == code, ticked
        return ticked.out + ticked.err


SECRETS = {
    "password_env": (LOGIN, "NO_SUCH_PASSWORD", "s3cret"),
    "key_file": (KEY, "key.pem", pem("ed25519")),
}
"""Each kind of secret, and each place for one; tests/config has the other two pairs."""


@pytest.fixture(params=SECRETS)
def post(request, operator) -> Post:
    """A publication whose secret is missing, for each kind of secret."""
    return made(operator, request.param, free_port())


def made(operator: Operator, where: str, port: int) -> Post:
    table, value, secret = SECRETS[where]
    named = table.format(named=f'{where} = "{value}"')
    text = f"{SMTP.format(port=port)}{named}"
    operator.catch_mail()
    operator.configure("[mail]\n", text)
    operator.subscribe("ada@example.org,", "bo@example.org,")
    operator.file("ferry")
    return Post(operator, where, value, secret)


def composed(post: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have an edition wait whose mail server is down."""
    post.provide(monkeypatch)
    post.operator.run("import", "articles")
    post.tick(code=1)
    post.lose(monkeypatch)


def test_check_warns_of_a_secret_that_is_missing_and_finds_no_mistake(post):
    checked = post.operator.run("check")

    assert checked.code == 0
    line = next(line for line in checked.err.splitlines() if post.where in line)
    assert line.startswith("config.toml:")
    assert f'.{post.where} = "{post.value}" — ' in line
    assert "no mail leaves until then" in line
    assert "no mistakes" in checked.err
    in_json = json.loads(post.operator.run("check", "--json").out)
    assert line in in_json["warnings"]
    assert in_json["mistakes"] == []


def test_what_sends_nothing_needs_no_secret(post, monkeypatch):
    composed(post, monkeypatch)

    for words in (
        ["editions"],
        ["editions", "show", "1"],
        ["deliveries", "1"],
        ["pause", "1"],
        ["resume", "1"],
        ["cancel", "1"],
        ["import", "articles"],
        ["articles"],
        ["build"],
        ["push"],
        ["relays"],
        ["fires"],
        ["subscribers", "list"],
        ["subscribers", "show", "ada@example.org"],
        ["feeds", "list"],
        ["segments"],
        ["migrate"],
    ):
        ran = post.operator.run(*words)
        assert ran.code == 0, (words, ran)


def test_a_tick_fails_only_while_mail_is_due_and_the_next_one_sends_it(post, monkeypatch):
    post.operator.run("import", "articles")

    reported = post.tick(code=1)

    assert "delivered: nothing\n" in reported
    assert post.value in reported
    assert ledger(post.operator) == {"ada": "queued", "bo": "queued"}
    waiting = post.operator.run("editions").out
    assert "unavailable at" in waiting
    assert post.value in waiting
    post.provide(monkeypatch)
    port = int(read_port(post.operator))
    with real_server(port=port, login=("post", "s3cret")) as (_, boxes):
        post.tick(code=0)
    assert len(boxes.envelopes) == 2
    assert ledger(post.operator) == {"ada": "accepted", "bo": "accepted"}
    post.lose(monkeypatch)
    assert "delivered: nothing was due" in post.tick(code=0)


def test_sending_by_hand_keeps_the_edition_for_when_the_secret_is_there(post):
    post.operator.run("import", "articles")

    sent = post.operator.run("send", "breaking", "--article", "ferry")

    assert sent.code == 1
    assert "the rest waits: " in sent.err
    assert post.value in sent.err
    assert ledger(post.operator) == {"ada": "queued", "bo": "queued"}
    copy = post.operator.run("send", "breaking", "--article", "ferry", "--to", "me@example.org")
    assert copy.code == 1
    assert post.value in copy.err


def test_the_doctor_reports_what_it_could_not_read(post):
    with served(Zone()) as port:
        words = ["doctor", "--nameserver", f"127.0.0.1:{port}", "--json"]
        found = json.loads(post.operator.run(*words).out)

    [secret] = [one for one in found if post.value in one["said"]]
    assert secret["state"] == "missing"


@pytest.mark.slow
def test_run_starts_without_a_secret_says_so_and_sends_once_it_is_there(operator, monkeypatch):
    with real_server(login=("post", "s3cret")) as (port, boxes):
        post = made(operator, "key_file", port)
        operator.configure('every = "10m"', 'every = "10s"')
        with running(operator) as run:
            until(lambda: httpx.get(f"{run.url}/rss.xml").is_success)
            ready = httpx.get(f"{run.url}/readyz")
            assert ready.status_code == 503
            assert ready.text.startswith("mail can't be sent: ")
            assert post.value in ready.text
            assert httpx.get(f"{run.url}/healthz").text == "ok\n"
            until(lambda: len(json.loads(operator.run("editions", "--json").out)) == 1)
            assert boxes.envelopes == []
            post.provide(monkeypatch)
            until(lambda: len(boxes.envelopes) == 2)
            assert httpx.get(f"{run.url}/readyz").text == "ok\n"
            code, _, log = run.stop()
    assert code == 0
    [error] = [line for line in log.splitlines() if "mail can't be sent" in line]
    assert "[error" in error
    assert post.value in error


def test_serve_says_nothing_of_secrets_that_others_send_with(operator):
    made(operator, "password_env", free_port())
    operator.run("build")
    with running(operator, "serve") as serve:
        assert httpx.get(f"{serve.url}/readyz").text == "ok\n"
        _, _, log = serve.stop()
    assert "NO_SUCH_PASSWORD" not in log


def read_port(operator: Operator) -> str:
    text = (operator.folder / "config.toml").read_text()
    return next(line for line in text.splitlines() if line.startswith("port = ")).split()[-1]


def test_serve_says_that_a_hook_has_no_secret_and_takes_its_calls_once_it_has(operator):
    config = operator.folder / "config.toml"
    hook = '[[hooks]]\nname = "brevo"\nkind = "brevo"\nsecret_file = "hook-secret"\n'
    config.write_text(f"{config.read_text()}\n{hook}")
    operator.run("build")
    with running(operator, "serve") as serve:
        event = {"event": "request"}
        assert "bounces can't be reported" in httpx.get(f"{serve.url}/readyz").text
        assert (
            httpx.post(f"{serve.url}/hooks/brevo?token=s3cret", json=event).status_code == 429
        )  # Brevo calls again
        (operator.folder / "hook-secret").write_text("s3cret\n")
        assert httpx.get(f"{serve.url}/readyz").text == "ok\n"
        assert httpx.post(f"{serve.url}/hooks/brevo?token=s3cret", json=event).status_code == 200
        _, _, log = serve.stop()
    assert "no provider can report bounces by it" in log
    assert "s3cret" not in log
