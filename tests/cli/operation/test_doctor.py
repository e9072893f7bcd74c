"""`doctor --connect` connects to the relays, and `doctor` says what it did not try."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from tests.cli.conftest import Operator
from tests.deliver.dns_zone import Zone, served
from tests.deliver.mail_servers import ScriptedServer, certificate, real_server
from tests.ports import free_port

pytestmark = pytest.mark.neighbours

SMTP = """\
[mail]
transport = "smtp"
host = "localhost"
port = {port}
security = "starttls"
username = "post"
password_file = "password"
from = "Post <news@example.org>"
"""
Found = dict[str, tuple[str, str]]
Doctor = Callable[..., Found]


@pytest.fixture
def doctor(operator: Operator) -> Iterator[Doctor]:
    """Ask the doctor about a relay on some port; what it finds by check: the state, and why."""
    operator.catch_mail()
    (operator.folder / "password").touch(0o600)
    (operator.folder / "password").write_text("s3cret")
    with served(Zone()) as dns:

        def ask(*words: str, port: int, **changes: str) -> Found:
            text = SMTP.format(port=port)
            for old, new in changes.items():
                text = "\n".join(new if line.startswith(old) else line for line in text.split("\n"))
            operator.configure("[mail]\n", text)
            said = operator.run("doctor", "--nameserver", f"127.0.0.1:{dns}", "--json", *words)
            operator.configure(text, "[mail]\n")
            return {row["check"]: (row["state"], row["said"]) for row in json.loads(said.out)}

        yield ask


@contextmanager
def relay(tmp_path, monkeypatch, *, trusted: bool = True) -> Iterator[int]:
    """A relay that speaks STARTTLS and wants a login, by a certificate for localhost."""
    context, made = certificate(tmp_path)
    if trusted:
        monkeypatch.setenv("SSL_CERT_FILE", str(made))
    with real_server(starttls=context, login=("post", "s3cret")) as (port, _):
        yield port


def test_tls_is_not_called_well_that_was_not_tried(doctor):
    found = doctor(port=free_port())

    state, said = found["TLS"]
    assert state == "unknown"
    assert "was not tried: `syndicate doctor --connect` connects" in said
    assert "connection" not in found


def test_a_relay_that_is_connected_to_is_seen_with_its_certificate_and_login(
    doctor, tmp_path, monkeypatch
):
    with relay(tmp_path, monkeypatch) as port:
        found = doctor("--connect", port=port)

    assert found["connection"] == ("ok", "it answers")
    state, said = found["TLS"]
    assert state == "ok"
    assert "seen by starttls: TLSv1." in said
    assert "the certificate is valid until 20" in said
    assert found["login"] == ("ok", "accepted")


@pytest.mark.parametrize("verify", ["verify = true", "verify = false"])
def test_a_certificate_that_is_refused_is_wrong_whatever_mail_puts_up_with(
    doctor, tmp_path, monkeypatch, verify
):
    with relay(tmp_path, monkeypatch, trusted=False) as port:
        found = doctor("--connect", port=port, security=f'security = "starttls"\n{verify}')

    assert found["TLS"][0] == "wrong"
    state, said = found["connection"]
    assert state == "wrong"
    assert "its certificate is not accepted" in said


def test_a_login_that_is_refused_is_wrong_and_one_without_a_password_not_tried(
    doctor, operator, tmp_path, monkeypatch
):
    with relay(tmp_path, monkeypatch) as port:
        (operator.folder / "password").write_text("wrong")
        refused = doctor("--connect", port=port)
        (operator.folder / "password").unlink()
        missing = doctor("--connect", port=port)

    assert refused["login"][0] == "wrong"
    assert "refused the login of 'post'" in refused["login"][1]
    assert missing["login"][0] == "unknown"
    assert "can't be read" in missing["login"][1]
    assert missing["TLS"][0] == "ok"


def test_a_relay_that_is_down_says_nothing_about_its_tls(doctor):
    found = doctor("--connect", port=free_port())

    assert found["connection"][0] == "wrong"
    assert "nothing listens there" in found["connection"][1]
    assert found["TLS"] == ("unknown", "there was no connection")


def test_a_relay_that_offers_no_starttls_is_wrong(doctor):
    with ScriptedServer() as server:
        found = doctor("--connect", port=server.port)

    assert found["TLS"][0] == "wrong"
    assert "does not offer STARTTLS" in found["connection"][1]


def test_a_password_file_that_others_can_read_is_reported(doctor, operator):
    assert "password" not in doctor(port=free_port())
    (operator.folder / "password").chmod(0o644)
    assert doctor(port=free_port())["password"] == (
        "wrong",
        "every user of this machine can read it: chmod 600 password",
    )


def test_the_mailbox_of_bounces_is_connected_to_as_well(doctor, operator):
    port = free_port()
    operator.configure(
        "[bounces]\n",
        '[bounces]\naddress = "bounce@in.example.org"\nimap = { host = "localhost", '
        f'port = {port}, username = "bounce", password_file = "password" }}\n',
    )

    assert "mailbox" not in doctor(port=free_port())
    state, said = doctor("--connect", port=free_port())["mailbox"]
    assert state == "wrong"
    assert said.startswith("nothing listens there; is the server running? look at bounces.imap")
