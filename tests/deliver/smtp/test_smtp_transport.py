import pytest

from syndicate.deliver.sample_mail import send_envelope, send_message
from syndicate.deliver.smtp.transport import Envelope
from syndicate.errors import PermanentFailure, RelayUnavailable
from tests.deliver.mail_servers import ScriptedServer, certificate, real_server
from tests.deliver.smtp.sessions import ADA, BODY, opened, smtp
from tests.ports import free_port

pytestmark = pytest.mark.neighbours


@pytest.fixture
def trusted(tmp_path, monkeypatch):
    context, file = certificate(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(file))
    return context


@pytest.fixture
def distrusted(tmp_path):
    return certificate(tmp_path)[0]


def deliver(port, **more):
    with opened(port, **more) as session:
        return send_message(session, ADA, BODY)


# real servers


def test_a_plain_server_takes_a_message_with_its_dots():
    with real_server() as (port, boxes):
        reply = deliver(port)

    assert (reply.code, reply.text) == (250, "2.0.0 taken")
    assert boxes.envelopes == [("news@example.org", ["ada@example.org"])]
    assert boxes.bodies == [BODY]


@pytest.mark.parametrize("body", [b".\r\n", b"..\r\n", b"\r\n.\r\n", b"x\r\n.x\r\n...\r\n"])
def test_no_body_ends_before_its_end(body):
    with real_server() as (port, boxes), opened(port) as session:
        send_message(session, ADA, body)

    assert boxes.bodies == [body]


def test_a_refused_recipient_leaves_the_session_fit_for_the_next():
    nobody = Envelope(sender="news@example.org", recipient="nobody@x.org", message_id="<1.1.x@y>")
    with real_server() as (port, boxes), opened(port) as session:
        with pytest.raises(PermanentFailure, match=r"5\.1\.1"):
            send_envelope(session, nobody, 100)
        send_message(session, ADA, BODY)

    assert boxes.envelopes == [("news@example.org", ["ada@example.org"])]


def test_starttls_encrypts_before_anything_is_said(trusted):
    with real_server(starttls=trusted) as (port, boxes):
        deliver(port, security="starttls")

    assert boxes.encrypted == [True]
    assert boxes.bodies == [BODY]


def test_implicit_tls_encrypts_from_the_first_byte(trusted):
    with real_server(tls=trusted) as (port, boxes):
        deliver(port, security="tls")

    assert boxes.bodies == [BODY]


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_a_certificate_that_nobody_vouches_for_is_refused(distrusted, security):
    kind = {"starttls": distrusted} if security == "starttls" else {"tls": distrusted}
    with real_server(**kind) as (port, boxes), pytest.raises(RelayUnavailable, match="certificate"):
        smtp(port, security=security).open()

    assert boxes.bodies == []


def test_a_certificate_for_another_name_is_refused(trusted):
    with (
        real_server(tls=trusted) as (port, _),
        pytest.raises(RelayUnavailable, match=r"mail\.host"),
    ):
        smtp(port, security="tls", host="127.0.0.1").open()


@pytest.mark.parametrize("password", ["secret", "gehéim"])
def test_a_login_is_made_with_any_password(trusted, password):
    with real_server(starttls=trusted, login=("ada", password)) as (port, boxes):
        deliver(port, security="starttls", username="ada", secret=password)

    assert boxes.users == [b"ada"]
    assert boxes.bodies == [BODY]


def test_a_wrong_password_is_told_with_the_keys_to_look_at():
    with (
        real_server(login=("ada", "right")) as (port, _),
        pytest.raises(RelayUnavailable) as caught,
    ):
        smtp(port, username="ada", secret="wrong-secret").open()

    assert "535" in str(caught.value)
    assert "mail.password_env" in str(caught.value)
    assert "'ada'" in str(caught.value)
    assert "wrong-secret" not in str(caught.value)


def test_a_server_without_login_is_told():
    with ScriptedServer() as server, pytest.raises(RelayUnavailable, match="offers no login"):
        smtp(server.port, username="ada", secret="x").open()


def test_a_server_without_starttls_is_told():
    with (
        real_server() as (port, _),
        pytest.raises(RelayUnavailable, match="does not offer STARTTLS"),
    ):
        smtp(port, security="starttls").open()


def test_tls_to_a_plain_port_is_told():
    with ScriptedServer() as server, pytest.raises(RelayUnavailable, match="no TLS"):
        smtp(server.port, security="tls").open()


def test_a_port_where_nothing_listens_is_told():
    port = free_port()
    with pytest.raises(RelayUnavailable, match=f"localhost:{port}: nothing listens there"):
        smtp(port).open()


def test_a_name_that_does_not_exist_is_told():
    with pytest.raises(RelayUnavailable, match="can't be looked up"):
        smtp(25, host="nowhere.invalid").open()


def test_an_address_beyond_ascii_needs_smtputf8():
    beyond = Envelope(
        sender="news@example.org", recipient="adá@example.org", message_id="<1.1.x@y>"
    )
    with real_server() as (port, boxes), opened(port) as session:
        send_message(session, beyond, "To: adá@example.org\r\n\r\n".encode())
    with ScriptedServer() as server, opened(server.port) as session:
        with pytest.raises(PermanentFailure, match="server lacks SMTPUTF8"):
            send_envelope(session, beyond, 100)
        send_envelope(session, ADA, 100)

    assert boxes.envelopes == [("news@example.org", ["adá@example.org"])]
