"""Bounces come in by a pipe, a Maildir and a mailbox, as a mail server and an operator use them."""

import contextlib
import json
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from syndicate.config import load
from syndicate.deliver.message.links import SignedLinks
from tests.cli.fork_server import command_server
from tests.until import until

EX_TEMPFAIL = 75
BOUNCE = b"""\
From: MAILER-DAEMON@mx.example.net (Mail Delivery System)
Subject: Undelivered Mail Returned to Sender
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary=b

--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example.net

Final-Recipient: rfc822; ada@example.org
Action: failed
Status: 5.1.1
Diagnostic-Code: smtp; 550 5.1.1 no such user

--b--
"""
UNKNOWN = b"Subject: hello\n\nIs this the harbour office?\n"


@pytest.fixture
def desk(operator):
    """A publication with a store and a Maildir for bounces."""
    table = '\n[bounces]\naddress = "bounce@news.example.org"\nmaildir = "bounces"\n'
    operator.configure("\n[bounces]\n", table)
    for name in ("new", "cur", "tmp"):
        (operator.folder / "bounces" / name).mkdir(parents=True)
    operator.file("ferry")
    operator.run("import", "articles")
    return operator


def pipe(desk, *words, message=UNKNOWN, env=None, before=()):
    """Do as a mail server's pipe does; return the exit code and what was printed."""
    command = command_server().popen(desk.folder, *before, "bounce", *words, env=env)
    out, err = command.communicate(message, timeout=120)
    return command.returncode, out, err


def held(desk):
    with contextlib.closing(sqlite3.connect(desk.folder / "syndicate.db")) as store:
        return store.execute("SELECT source, subject, length(raw) FROM held_reports").fetchall()


@pytest.mark.neighbours
def test_a_pipe_stores_what_it_gets_and_prints_nothing(desk):
    assert pipe(desk) == (0, "", "")
    assert held(desk) == [("pipe", "hello", len(UNKNOWN))]
    code, out, _ = pipe(desk, "--verbose")
    assert (code, out) == (0, "this report was taken before\n")


@pytest.mark.neighbours
def test_a_pipe_reads_a_huge_message_to_its_end_and_keeps_its_beginning(desk):
    assert pipe(desk, message=UNKNOWN + b"x" * (3 << 20)) == (0, "", "")
    [(_, _, size)] = held(desk)
    assert size < 1 << 20


def token(desk):
    """Return the token in the return path of the only message, and its edition."""
    with contextlib.closing(sqlite3.connect(desk.folder / "syndicate.db")) as store:
        [(secret,)] = store.execute("SELECT secret FROM keys WHERE name = 'links'").fetchall()
        [(edition, reader)] = store.execute("SELECT edition, subscriber FROM deliveries").fetchall()
    return SignedLinks(load(desk.folder / "config.toml"), secret).bounce_token(edition, reader)


@pytest.mark.neighbours
def test_a_pipe_knows_the_delivery_by_the_address_that_the_report_was_sent_to(desk):
    desk.subscribe("ada@example.org,Ada")
    desk.run("tick")
    address = f"bounce+{token(desk)}@news.example.org"
    by_option = pipe(desk, "-v", f"--recipient={address}", message=BOUNCE)
    assert by_option[1].startswith(
        "hard bounce of edition 1 to reader 1: the address is suppressed"
    )
    for more, env in (
        (b"again\n", {"ORIGINAL_RECIPIENT": address, "RECIPIENT": "syndicate@localhost"}),
        (b"and again\n", {"RECIPIENT": address}),
    ):
        by_environment = pipe(desk, "-v", message=BOUNCE + more, env=env)
        assert "was reported before" in by_environment[1]
    assert "suppressed" in desk.run("subscribers", "show", "ada@example.org").out


@pytest.mark.neighbours
def test_a_pipe_makes_the_mail_server_keep_what_could_not_be_stored(desk):
    with contextlib.closing(sqlite3.connect(desk.folder / "syndicate.db")) as other:
        other.execute("BEGIN IMMEDIATE")
        code, out, err = pipe(desk)
    assert (code, out) == (EX_TEMPFAIL, "")
    assert "locked" in err
    assert held(desk) == []


@pytest.mark.neighbours
def test_a_pipe_has_no_exit_code_by_which_a_mail_server_loses_a_message(desk, tmp_path):
    assert pipe(desk, "--recipent=x")[0] == EX_TEMPFAIL
    assert pipe(desk, before=["--config", str(tmp_path / "none.toml")])[0] == EX_TEMPFAIL
    desk.configure('address = "bounce@news.example.org"\nmaildir = "bounces"\n', "")
    code, _, err = pipe(desk)
    assert code == EX_TEMPFAIL
    assert "bounces.address is not set" in err
    desk.configure("[bounces]", '[bounces]\naddress = "bounce"')
    assert pipe(desk)[0] == EX_TEMPFAIL


@pytest.mark.neighbours
def test_a_pipe_that_is_stopped_before_it_has_the_whole_message_has_it_sent_again(desk):
    command = [sys.executable, "-m", "syndicate", "bounce"]
    with subprocess.Popen(command, cwd=desk.folder, stdin=subprocess.PIPE) as process:
        assert process.stdin is not None
        process.stdin.write(UNKNOWN)
        process.stdin.flush()
        maps = Path(f"/proc/{process.pid}/maps")
        until(lambda: "_sqlite" in maps.read_text() or process.poll() is not None)
        process.terminate()
        assert process.wait(60) in {EX_TEMPFAIL, -signal.SIGTERM}
    assert held(desk) == []


@pytest.mark.neighbours
def test_a_pipe_makes_no_store_of_its_own(desk):
    (desk.folder / "syndicate.db").unlink()
    code, _, err = pipe(desk)
    assert code == EX_TEMPFAIL
    assert "there is no store at sqlite:///syndicate.db; is this the right config.toml?" in err
    assert not (desk.folder / "syndicate.db").exists()


def test_tick_and_fetch_read_the_maildir_and_status_says_when(desk):
    (desk.folder / "bounces/new/1.mx").write_bytes(UNKNOWN)
    ticked = desk.run("tick")
    assert ticked.code == 0
    assert "maildir: 1 report, 1 for a person\n" in ticked.out
    assert "maildir" not in desk.run("tick").out
    (desk.folder / "bounces/cur/2.mx").write_bytes(UNKNOWN + b"?")
    fetched = desk.run("bounces", "fetch")
    assert (fetched.code, fetched.out) == (0, "maildir: 1 report, 1 for a person\n")
    assert desk.run("bounces", "fetch").out == "maildir: 0 reports\n"
    shown = desk.run("status").out
    assert "bounces    maildir: read at 20" in shown
    [door] = json.loads(desk.run("status", "--json").out)["bounces"]
    assert (door["door"], door["failing_since"]) == ("maildir", None)


def test_a_door_that_cannot_be_read_fails_the_command_and_is_shown(desk):
    for name in ("new", "cur", "tmp"):
        (desk.folder / "bounces" / name).rmdir()
    (desk.folder / "bounces/new").write_text("an mbox")
    for words in (("bounces", "fetch"), ("tick",)):
        ran = desk.run(*words)
        assert ran.code == 1
        assert "maildir: " in ran.err
        assert "bounces/new: Not a directory; bounces.maildir names a Maildir" in ran.err
    shown = desk.run("status")
    assert "bounces    maildir: can't be read since 20" in shown.out
    assert shown.code == 0, "it rings later"


def test_a_report_that_the_store_refuses_fails_the_command_and_is_shown(desk):
    (desk.folder / "bounces/new/1.mx").write_bytes(UNKNOWN)
    (desk.folder / "bounces/new/2.mx").write_bytes(b"Subject: bye\n\nIs this the harbour?\n")
    with contextlib.closing(sqlite3.connect(desk.folder / "syndicate.db")) as store:
        store.execute(
            "CREATE TRIGGER refusal BEFORE INSERT ON held_reports WHEN NEW.subject = 'hello' "
            "BEGIN SELECT RAISE(ABORT, 'no'); END"
        )
    fetched = desk.run("bounces", "fetch")
    assert (fetched.code, fetched.out) == (1, "maildir: 1 report, 1 for a person\n")
    problem = "1 report could not be recorded: sqlite:///"
    assert f"maildir: {problem}" in fetched.err
    assert [path.name for path in (desk.folder / "bounces/new").iterdir()] == ["1.mx"]
    shown = desk.run("status").out
    assert f"{problem}" in shown.partition(", 1 report; since 20")[2]
    with contextlib.closing(sqlite3.connect(desk.folder / "syndicate.db")) as store:
        store.execute("DROP TRIGGER refusal")
    again = desk.run("bounces", "fetch")
    assert (again.code, again.out) == (0, "maildir: 1 report, 1 for a person\n")
    assert "since" not in desk.run("status").out.partition("maildir")[2]


def test_a_publication_without_doors_has_nothing_to_fetch(operator):
    wrong = operator.run("bounces", "fetch")
    assert wrong.code == 2
    assert "neither bounces.imap.host nor bounces.maildir is set" in wrong.err
