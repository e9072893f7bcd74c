"""The mailbox: what arrives is handed on in order, and moved only when its effect is committed."""

import threading
import time
from datetime import timedelta
from pathlib import Path

import pytest

from syndicate.config.sections.feedback import ImapSettings
from syndicate.errors import DoorUnavailable, SecretUnreadable, StoreLocked
from syndicate.feedback.doors import imap_mailbox as module
from syndicate.feedback.doors.door import READ_BYTES, Disposal
from syndicate.feedback.doors.imap_mailbox import ImapMailbox
from tests.deliver.mail_servers import certificate
from tests.feedback.doors.imap_servers import CUT, PASSWORD, Answer, ScriptedMailbox, dovecot
from tests.feedback.doors.taken import Taken
from tests.ports import free_port

pytestmark = pytest.mark.neighbours


@pytest.fixture(autouse=True)
def password(monkeypatch):
    monkeypatch.setenv("BOUNCES", PASSWORD)


@pytest.fixture(scope="module")
def certified(tmp_path_factory):
    """A folder with a server's certificate."""
    folder = tmp_path_factory.mktemp("tls")
    certificate(folder)
    return folder


@pytest.fixture(scope="module")
def flat(certified):
    """A Dovecot as it comes, with TLS."""
    with dovecot(tls=certified) as server:
        yield server


@pytest.fixture(scope="module")
def old():
    """A server with its folders below INBOX, like Courier's, that can neither move nor expunge."""
    with dovecot(prefix="INBOX.", separator=".", lacking="MOVE UIDPLUS") as server:
        yield server


@pytest.fixture(params=["flat", "old"])
def server(request):
    return request.getfixturevalue(request.param)


@pytest.fixture
def user(request):
    """A mailbox of the test's own."""
    return f"u{abs(hash(request.node.name)):x}"


def read(server, user="bounce", take=None, stop=None, timeout=None, **more):
    """Poll once; `timeout` is in seconds."""
    given = {"host": "127.0.0.1", "port": server.port, "security": "none", "username": user}
    settings = ImapSettings.model_validate(given | {"password_env": "BOUNCES"} | more)
    if timeout is not None:
        settings = settings.model_copy(update={"timeout": timedelta(seconds=timeout)})
    taken = Taken() if take is None else take
    ImapMailbox(settings, Path()).read(taken, stop or threading.Event())
    return taken


def mail(*texts):
    return [f"Subject: {text}\n\n{text}\n".encode() for text in texts]


# real servers


def test_messages_are_handed_on_in_order_and_moved_to_folders_that_are_made(server, user):
    messages = mail("one", "two", "three")
    server.deliver(user, *messages)
    taken = read(server, user, Taken(Disposal.DONE, Disposal.FOR_A_PERSON, Disposal.DONE))
    assert taken == messages
    assert server.content(user, "INBOX") == []
    assert server.content(user, "Processed") == [messages[0], messages[2]]
    assert server.content(user, "Not understood") == [messages[1]]
    assert read(server, user) == []


@pytest.mark.parametrize(
    ("kind", "folder"), [("flat", "Bounces/Done ✓"), ("old", "INBOX.Bounces.Done ✓")]
)
def test_a_folder_is_where_the_server_keeps_it_and_may_be_named_either_way(
    kind, folder, user, request
):
    server = request.getfixturevalue(kind)
    for name in ("Bounces/Done ✓", folder):
        server.deliver(user, *mail(name))
        read(server, user, done=name)
    names = [name.replace("&JxM-", "✓") for name in server.folders(user)]
    assert [name for name in names if "Done" in name] == [folder]


def test_mail_is_read_from_another_folder(server, user):
    with server.client(user) as client:
        client.create(f"{server.prefix}Incoming")
    server.deliver(user, *mail("one"), folder=f"{server.prefix}Incoming")
    server.deliver(user, *mail("not this"))
    assert read(server, user, folder="Incoming") == mail("one")
    assert server.content(user, "INBOX") == mail("not this")


def test_mail_that_a_person_has_opened_is_handed_on_and_what_is_deleted_is_not(server, user):
    server.deliver(user, *mail("seen", "deleted"))
    with server.client(user) as client:
        client.select()
        client.store("1", "+FLAGS", r"(\Seen)")
        client.store("2", "+FLAGS", r"(\Deleted)")
        client.unselect()
    assert read(server, user) == mail("seen")


def test_nothing_is_moved_or_marked_before_it_is_committed(flat, user):
    flat.deliver(user, *mail("one", "two"))

    def take(raw):
        with flat.client(user) as client:
            client.select(readonly=True)
            assert client.search(None, "UNSEEN UNDELETED")[1] == [b"1 2"]
        raise StoreLocked("the store is locked")

    with pytest.raises(StoreLocked):
        read(flat, user, take)
    assert flat.content(user, "INBOX") == mail("one", "two")


def test_what_could_not_be_recorded_stays_in_the_folder(flat, user):
    flat.deliver(user, *mail("one", "two", "three"))
    read(flat, user, Taken(Disposal.DONE, Disposal.KEEP, Disposal.DONE))
    assert flat.content(user, "INBOX") == mail("two")
    assert flat.content(user, "Processed") == mail("one", "three")


def test_only_the_beginning_of_a_large_message_is_fetched(flat, user):
    big = b"Subject: big\n\n" + b"x" * 78 + b"\n" + (b"y" * 78 + b"\n") * (3 * READ_BYTES // 79)
    flat.deliver(user, *mail("one"), big.replace(b"\n", b"\r\n"), *mail("two"))
    taken = Taken()
    read(flat, user, lambda raw: taken(raw[:READ_BYTES]) if len(raw) <= READ_BYTES else CUT)
    assert [message[:12] for message in taken] == [
        b"Subject: one",
        b"Subject: big",
        b"Subject: two",
    ]
    assert flat.content(user, "INBOX") == []
    assert len(flat.content(user, "Processed")[1]) == len(big)


def test_an_empty_message_is_handed_on(flat, user):
    folder = flat.work / "mail" / user / "new"
    flat.deliver(user, *mail("one"))
    (folder / "1796000000.M1P1.mx").touch()
    taken = read(flat, user)
    assert sorted(taken) == [b"", *mail("one")]
    assert flat.content(user, "INBOX") == []


def test_two_pollers_at_once_hand_each_message_on_and_leave_each_once(server, user):
    messages = mail(*map(str, range(60)))
    server.deliver(user, *messages)
    taken, failures = [Taken(), Taken()], []

    def work(own):
        try:
            read(server, user, own)
        except Exception as error:  # noqa: BLE001 - shown below
            failures.append(error)

    threads = [threading.Thread(target=work, args=[own]) for own in taken]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    read(server, user)
    assert failures == []
    assert {*taken[0], *taken[1]} == set(messages)
    assert server.content(user, "INBOX") == []
    assert set(server.content(user, "Processed")) == set(messages)


def test_more_messages_than_a_batch_are_moved_batch_by_batch(flat, user, monkeypatch):
    monkeypatch.setattr(module, "_BATCH", 7)
    messages = mail(*map(str, range(25)))
    flat.deliver(user, *messages)
    stop = threading.Event()

    def take(raw):
        if raw == messages[16].replace(b"\n", b"\r\n"):
            raise StoreLocked("the store is locked")
        return Disposal.DONE

    with pytest.raises(StoreLocked):
        read(flat, user, take, stop)
    assert flat.content(user, "Processed") == messages[:14]
    assert read(flat, user) == messages[14:]


def test_a_session_is_encrypted_from_the_start_or_by_starttls(flat, user, certified, monkeypatch):
    monkeypatch.setenv("SSL_CERT_FILE", str(certified / "certificate.pem"))
    for security, port in (("tls", flat.tls_port), ("starttls", flat.port)):
        flat.deliver(user, *mail(security))
        assert read(flat, user, host="localhost", security=security, port=port) == mail(security)
    log = (flat.work / "log").read_text()
    assert [line for line in log.splitlines() if f"user=<{user}>" in line and " TLS" in line]


def test_a_certificate_that_nobody_vouches_for_is_refused_unless_it_may(flat, user):
    for security, port in (("tls", flat.tls_port), ("starttls", flat.port)):
        with pytest.raises(DoorUnavailable, match=r"certificate is not accepted.*imap\.verify"):
            read(flat, user, security=security, port=port)
        assert read(flat, user, security=security, port=port, verify=False) == []


def test_a_refused_login_names_the_settings_to_look_at(flat, user, monkeypatch):
    monkeypatch.setenv("BOUNCES", "wrong")
    refused = rf"refused the login of '{user}': .*imap\.username.*imap\.password_env"
    with pytest.raises(DoorUnavailable, match=refused):
        read(flat, user)


def test_the_password_is_read_at_each_poll(flat, user, tmp_path):
    def poll():
        return read(flat, user, password_env=None, password_file=tmp_path / "password")

    with pytest.raises(
        SecretUnreadable, match=r"the password for the mailbox 127.0.0.1: .*can't be"
    ):
        poll()
    (tmp_path / "password").write_text(f"{PASSWORD}\n")
    assert poll() == []


def test_a_folder_that_does_not_exist_is_named(flat, user):
    with pytest.raises(DoorUnavailable, match=r"has no folder 'Bouncs'.*look at bounces\.imap\.fo"):
        read(flat, user, folder="Bouncs")


def test_a_folder_that_cannot_be_made_is_named_and_nothing_is_lost(flat, user):
    flat.deliver(user, *mail("one"))
    with pytest.raises(DoorUnavailable, match=r"'a//b' can't be made: .*bounces\.imap\.done"):
        read(flat, user, done="a//b")
    assert flat.content(user, "INBOX") == mail("one")


# servers that misbehave


def literal(uid, text):
    return b"* 1 FETCH (UID %d BODY[]<0> {%d}\r\n%s)\r\n" % (uid, len(text), text)


def fetched(*bodies, sizes=None):
    """Answer both fetches: the sizes, then the beginnings."""
    known = sizes or {1: 5}

    def answer(command):
        if "RFC822.SIZE" in command:
            lines = (b"* 1 FETCH (UID %d RFC822.SIZE %d)\r\n" % item for item in known.items())
            return b"".join(lines) + b"TAG OK done\r\n"
        return b"".join(bodies) + b"TAG OK done\r\n"

    return answer


NIL = b"* 2 FETCH (UID 2 BODY[]<0> NIL)\r\n"
"""What Dovecot sends of a message that another session has just removed."""
ONE = {"search": b"* SEARCH 1\r\nTAG OK done\r\n", "fetch": fetched(literal(1, b"hello"))}


def test_a_server_that_says_nothing_is_given_up_after_the_timeout():
    with ScriptedMailbox(**ONE) as server:
        usual = dict(server.answers)
        for command in ("greeting", "capability", "login", "select", "search", "fetch", "move"):
            server.answers = usual | {command: server.silent}
            with pytest.raises(DoorUnavailable, match=r"no answer within 0\.2 s; look at"):
                read(server, timeout=0.2)


def test_a_server_that_sends_a_little_all_the_time_is_given_up(monkeypatch):
    monkeypatch.setattr("syndicate.feedback.doors.imap_session._PATIENCE", 1)
    with ScriptedMailbox() as server:

        def drip(_):
            end = time.monotonic() + 30
            while time.monotonic() < end and not server.over.wait(0.1):
                server._open[-1].sendall(b"* OK wait\r\n")
            return CUT

        server.answers["search"] = drip
        began = time.monotonic()
        with pytest.raises(DoorUnavailable, match="no answer within 1 s"):
            read(server, timeout=1)
        assert time.monotonic() - began < 20


@pytest.mark.parametrize("command", ["greeting", "login", "search", "fetch", "move"])
def test_a_connection_that_breaks_is_reported_and_what_was_taken_is_taken_again(command):
    taken = Taken()
    with ScriptedMailbox(**ONE) as server:
        usual = dict(server.answers)
        server.answers[command] = CUT
        with pytest.raises(DoorUnavailable, match=r"the connection broke: .*the next poll tries"):
            read(server, take=taken)
        assert taken == ([b"hello"] if command == "move" else [])
        server.answers[command] = (usual | ONE).get(command, b"TAG OK done\r\n")
        read(server, take=taken)
        assert taken[-1] == b"hello"


@pytest.mark.parametrize("command", ["greeting", "search", "fetch"])
def test_a_stop_ends_a_session_that_hangs_at_once_and_without_an_error(command):
    stop = threading.Event()
    with ScriptedMailbox(**ONE) as server:
        entered = threading.Event()

        def hang(line):
            entered.set()
            return server.silent(line)

        server.answers[command] = hang
        thread = threading.Thread(target=read, args=[server], kwargs={"stop": stop})
        thread.start()
        assert entered.wait(20)
        stop.set()
        thread.join(20)
        assert not thread.is_alive()


def test_a_message_that_disappears_between_search_and_fetch_is_left_out():
    sizes = {1: 5, 2: 5, 3: 5}
    answers = ONE | {
        "search": b"* SEARCH 1 2 3\r\nTAG OK done\r\n",
        "fetch": fetched(NIL, literal(3, b"three"), sizes=sizes),
    }
    with ScriptedMailbox(**answers) as server:
        assert read(server) == [b"three"]
        assert [line for line in server.commands if "MOVE" in line] == ['UID MOVE 3 "Processed"']


def test_a_server_that_refuses_to_fetch_what_has_disappeared_is_asked_again_later():
    finds = iter([b"* SEARCH 1 2\r\nTAG OK done\r\n", b"* SEARCH 2\r\nTAG OK done\r\n"])
    answers: dict[str, Answer] = {
        "search": lambda _: next(finds),
        "fetch": b"TAG NO [EXPUNGEISSUED] gone\r\n",
    }
    with ScriptedMailbox(**answers) as server:
        assert read(server) == []


def test_a_fetch_that_is_refused_is_reported():
    refusal = ONE | {"fetch": b"TAG NO [UNAVAILABLE] try later\r\n"}
    refused = pytest.raises(DoorUnavailable, match=r"\[UNAVAILABLE\] try later")
    with ScriptedMailbox(**refusal) as server, refused:
        read(server)


def test_a_message_that_another_process_has_moved_is_no_failure():
    finds = iter([b"* SEARCH 1\r\nTAG OK done\r\n", b"* SEARCH\r\nTAG OK done\r\n"])
    answers = ONE | {"search": lambda _: next(finds), "move": b"TAG NO no such message\r\n"}
    with ScriptedMailbox(**answers) as server:
        assert read(server) == [b"hello"]


def test_a_mailbox_that_is_full_is_reported():
    refusal = ONE | {"move": b"TAG NO [OVERQUOTA] mailbox is full\r\n"}
    refused = pytest.raises(DoorUnavailable, match=r"\[OVERQUOTA\] mailbox is full")
    with ScriptedMailbox(**refusal) as server, refused:
        read(server)


def test_messages_renumbered_with_a_new_uidvalidity_are_found_again():
    with ScriptedMailbox(**ONE | {"move": CUT}) as server:
        taken = Taken()
        with pytest.raises(DoorUnavailable):
            read(server, take=taken)
        server.answers |= {
            "select": b"* 1 EXISTS\r\n* OK [UIDVALIDITY 2]\r\nTAG OK done\r\n",
            "search": b"* SEARCH 77\r\nTAG OK done\r\n",
            "fetch": fetched(literal(77, b"hello"), sizes={77: 5}),
            "move": b"TAG OK done\r\n",
        }
        read(server, take=taken)
        assert taken == [b"hello", b"hello"]
        assert server.commands[-2] == 'UID MOVE 77 "Processed"'


def test_a_literal_that_is_larger_than_was_asked_for_is_not_read():
    huge = b"* 1 FETCH (UID 1 BODY[]<0> {104857600}\r\n"
    answers = ONE | {"fetch": fetched(huge, sizes={1: 104857600})}
    refused = pytest.raises(DoorUnavailable, match="announced 104857600 bytes")
    with ScriptedMailbox(**answers) as server, refused:
        read(server)


@pytest.mark.parametrize(
    "body",
    [
        b'* 1 FETCH (UID 1 BODY[]<0> "hello")\r\n',
        b"* 1 FETCH (BODY[]<0> {5}\r\nhello UID 1)\r\n",
        b"* 1 FETCH (FLAGS (\\Seen) UID 1)\r\n" + literal(1, b"hello") + b"* 2 EXISTS\r\n",
    ],
)
def test_a_message_is_found_in_whatever_form_the_server_sends_it(body):
    with ScriptedMailbox(**ONE | {"fetch": fetched(body)}) as server:
        assert read(server) == [b"hello"]


@pytest.mark.parametrize(
    ("answers", "said"),
    [
        ({"greeting": b"* BYE too many connections\r\n"}, "too many connections"),
        ({"greeting": b"220 mx.example ESMTP\r\n"}, "the connection broke: unexpected response"),
        ({"search": b"* SEARCH one\r\nTAG OK done\r\n"}, "the connection broke: invalid literal"),
        (
            {"capability": b"* CAPABILITY IMAP4rev1 LOGINDISABLED\r\nTAG OK done\r\n"},
            "without TLS; set",
        ),
        ({"login": b"TAG NO [UNAVAILABLE] later\r\n"}, r"refused the login of 'bounce': \[UNAV"),
        ({"select": b"TAG NO no\r\n"}, "has no folder 'INBOX': no"),
    ],
)
def test_what_the_server_answers_is_reported_with_what_to_do(answers, said):
    with ScriptedMailbox(**answers) as server, pytest.raises(DoorUnavailable, match=said) as error:
        read(server)
    assert "\n" not in str(error.value)


def test_a_server_without_starttls_is_not_sent_a_password():
    with ScriptedMailbox() as server:
        with pytest.raises(DoorUnavailable, match=r'does not offer STARTTLS; set .* to "tls"'):
            read(server, security="starttls")
        assert not [command for command in server.commands if "LOGIN" in command]


def test_a_password_that_is_not_ascii_is_sent_only_where_it_can_be(flat, user, monkeypatch):
    monkeypatch.setenv("BOUNCES", "schlüssel")
    with pytest.raises(DoorUnavailable, match="refused the login"):
        read(flat, user)
    with ScriptedMailbox() as server, pytest.raises(DoorUnavailable, match="can't take"):
        read(server)


def test_a_server_that_is_not_there_or_speaks_no_tls_says_where_to_look():
    class Nowhere:
        port = free_port()

    with pytest.raises(
        DoorUnavailable, match=r"nothing listens there; .*look at bounces.imap.host"
    ):
        read(Nowhere)
    with pytest.raises(DoorUnavailable, match="the name can't be looked up"):
        read(Nowhere, host="mail.invalid")
    with ScriptedMailbox() as server, pytest.raises(DoorUnavailable, match='"tls" for port 993'):
        read(server, security="tls")
