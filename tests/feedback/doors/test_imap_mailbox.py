"""The mailbox: what arrives is handed on in order, and moved only when its effect is committed."""

import threading

import pytest

from syndicate.errors import DoorUnavailable, SecretUnreadable, StoreLocked
from syndicate.feedback.doors import imap_mailbox as module
from syndicate.feedback.doors.door import READ_BYTES, Disposal
from tests.deliver.mail_servers import certificate
from tests.feedback.doors.imap_servers import CUT, PASSWORD, ScriptedMailbox, dovecot
from tests.feedback.doors.polled_mailbox import mail, read
from tests.feedback.doors.taken import Taken

pytestmark = [pytest.mark.neighbours, pytest.mark.usefixtures("password")]


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


def test_a_password_that_is_not_ascii_is_sent_only_where_it_can_be(flat, user, monkeypatch):
    monkeypatch.setenv("BOUNCES", "schlüssel")
    with pytest.raises(DoorUnavailable, match="refused the login"):
        read(flat, user)
    with ScriptedMailbox() as server, pytest.raises(DoorUnavailable, match="can't take"):
        read(server)
