"""What a terminal, a disk or a signal can do to a command: told in a line, never a traceback."""

import base64
import json
import os
import re
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest

from tests.cli.conftest import Operator
from tests.deliver.mail_servers import ScriptedServer

ASCII = {"PYTHONIOENCODING": "ascii"}
OK = b"250 2.0.0 ok\r\n"
SMTP = """[mail]
transport = "smtp"
host = "127.0.0.1"
port = {port}
security = "none"
from = "Post <news@example.org>"
"""
TO = re.compile(r"^To: .*?(r\d+@example\.org)", re.MULTILINE)
GIF = base64.b64decode("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7")
ONLY_C = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}


@pytest.mark.neighbours
@pytest.mark.parametrize(
    ("env", "shows"),
    [(ASCII, (("articles",), ("show", "ho"), ("check",))), (ONLY_C, (("articles",),))],
)
def test_a_terminal_that_cannot_show_a_title_is_shown_its_code(operator, env, shows):
    operator.file("ho", title="Hồ Chí Minh — “x” →")
    assert operator.run("import", "articles", env=env, own_python=True).code == 0
    for words in (*shows, ("articles", "--json")):
        shown = operator.run(*words, env=env, own_python=True)
        assert shown.code == 0
        assert words == ("check",) or "H\\u1ed3 Ch" in shown.out
    titles = [one["title"] for one in json.loads(shown.out)]
    assert "Hồ Chí Minh — “x” →" in titles


def test_a_file_whose_name_is_not_utf_8_is_refused_and_the_others_are_in(operator):
    file = operator.folder / "articles" / os.fsdecode(b"b\xff.md")
    file.write_text("---\ntitle: B\n---\nText\n")
    operator.file("ferry")
    imported = operator.run("import", "articles")
    assert imported.code == 1
    assert "refused" in imported.out
    assert {one["slug"] for one in json.loads(operator.run("articles", "--json").out)} == {
        "ferry",
        "welcome",
    }


def test_a_slug_that_is_no_text_is_refused(operator):
    assert operator.run("show", os.fsdecode(b"\xff")).code == 1
    assert operator.run("send", "breaking", "--article", os.fsdecode(b"\xff")).code == 1


@pytest.mark.neighbours
def test_output_that_nobody_reads_to_its_end_ends_the_command_quietly(operator):
    for number in range(300):
        operator.file(f"a{number}")
    operator.run("import", "articles")
    for words in (["articles"], ["articles", "--json"], ["subscribers", "export"]):
        command = [sys.executable, "-m", "syndicate", *words]
        process = subprocess.Popen(
            command, cwd=operator.folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        assert process.stdout
        assert process.stderr
        process.stdout.close()
        assert process.stderr.read() == b"", words
        assert process.wait(60) == 1
        process.stderr.close()


@pytest.mark.neighbours
def test_a_disk_without_room_for_the_output_is_said(operator):
    for words in (["articles"], ["articles", "--json"], ["subscribers", "export"]):
        with Path("/dev/full").open("w") as full:
            ran = subprocess.run(
                [sys.executable, "-m", "syndicate", *words],
                check=False,
                cwd=operator.folder,
                stdout=full,
                stderr=subprocess.PIPE,
                text=True,
            )
        assert (ran.returncode, ran.stderr) == (1, "No space left on device\n"), words


@pytest.mark.parametrize("folder", ["it's a #1: day?", "100% {news}", "Hồ 🚀", 'say "hi" \\n'])
def test_a_publication_may_lie_in_a_folder_of_any_name(elsewhere, folder):
    outside = elsewhere()
    assert outside.run("init", folder).code == 0
    inside = Operator(outside.folder / folder)
    assert inside.run("import", "articles").out.startswith("new ")
    assert inside.run("tick").code == 0
    assert (inside.folder / "syndicate.db").exists()
    assert [path.name for path in outside.folder.iterdir()] == [folder]


def test_a_folder_name_with_an_apostrophe_makes_a_title_as_people_write_it(elsewhere):
    outside = elsewhere()
    outside.run("init", "harbour-people's_post")
    assert 'title = "Harbour People\'s Post"' in (
        outside.folder / "harbour-people's_post/config.toml"
    ).read_text(encoding="utf-8")


def test_a_template_that_is_no_text_is_a_mistake_that_check_names(operator):
    email = operator.folder / "templates/email"
    email.mkdir(parents=True)
    (email / "alert.txt").write_bytes(b"\xff{{")
    checked = operator.run("check")
    assert checked.code == 2
    assert "email/alert.txt: expected text in UTF-8" in checked.err


def test_a_template_inside_another_is_named_once_and_plainly(operator):
    page = operator.folder / "templates/page"
    page.mkdir(parents=True)
    (page / "page.css").write_text("{{ nonsense")
    checked = operator.run("check")
    assert checked.err.startswith("page/page.css:1: ")
    assert checked.err.count("\n") == 1


@pytest.mark.parametrize("time_", ["0001-01-01T00:00+05:00", "9999-12-31T23:59-05:00"])
def test_a_time_outside_the_calendar_is_wrong_usage(operator, time_):
    assert operator.run("build", "--at", time_).code == 2


def test_an_edition_of_a_number_past_all_bounds_is_wrong_usage(operator):
    assert operator.run("deliveries", "99999999999999999999").code == 2


def test_what_was_restored_is_not_called_retracted(operator):
    operator.file("ferry")
    file = operator.folder / "articles/ferry.md"
    file.write_text(file.read_text().replace("section:", "status: retracted\nsection:"))
    operator.run("import", "articles")
    operator.run("retract", "ferry", "--undo")
    operator.run("build")
    states = {
        one["slug"]: one["state"] for one in json.loads(operator.run("articles", "--json").out)
    }
    assert states["ferry"] == "published"


@pytest.mark.parametrize("name", ["feeds", "outbox", "media"])
def test_a_file_where_a_folder_has_to_be_is_said_plainly(operator, name):
    operator.subscribe("ada@example.org,")
    operator.file("ferry")
    (operator.folder / "articles/p.gif").write_bytes(GIF)
    with (operator.folder / "articles/ferry.md").open("a") as article:
        article.write("\n![A dot](p.gif)\n")
    (operator.folder / name).write_text("in the way")
    said = operator.run("import", "articles"), operator.run("tick")
    assert name == "media" or said[1].code == 1, "a picture that can't be kept is warned about"
    assert name in "".join(one.out + one.err for one in said)
    assert (operator.folder / name).read_text() == "in the way"


def test_a_store_that_is_held_is_said_plainly(operator):
    operator.run("migrate")
    with closing(sqlite3.connect(operator.folder / "syndicate.db", isolation_level=None)) as holder:
        holder.execute("BEGIN IMMEDIATE")
        with ThreadPoolExecutor(2) as side_by_side:  # each waits for five seconds
            words = ("import", "articles"), ("tick",)
            for said in side_by_side.map(lambda each: operator.run(*each), words):
                assert said.code == 1
                assert "has been locked by another process" in said.err
    assert operator.run("tick").code == 0


@pytest.mark.neighbours
@pytest.mark.parametrize(("how", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_tick_that_is_broken_off_leaves_nothing_half_done(operator, how, code):
    operator.subscribe(*(f"r{number}@example.org," for number in range(30)))
    operator.file("ferry")
    operator.run("import", "articles")
    taken: list[str] = []
    signalled = threading.Event()

    def body(message: str) -> bytes:
        if len(taken) >= 8:
            assert signalled.wait(60)
        if process.poll() is None:
            time.sleep(0.5)
        taken.extend(TO.findall(message))
        return OK

    with ScriptedServer(mail=OK, rcpt=OK, body=body) as server:
        operator.catch_mail()
        operator.configure("[mail]", SMTP.format(port=server.port))
        process = subprocess.Popen(
            [sys.executable, "-m", "syndicate", "tick"],
            cwd=operator.folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        while len(taken) < 5 and process.poll() is None:
            time.sleep(0.02)
        process.send_signal(how)
        signalled.set()
        out, err = process.communicate(timeout=60)
        assert process.returncode == code, out + err
        assert "Traceback" not in err
        [edition] = json.loads(operator.run("editions", "--json").out)
        assert 5 <= edition["accepted"] == len(taken) < 30
        assert edition["queued"] == 30 - len(taken)
        assert operator.run("tick").code == 0
    assert len(taken) == len(set(taken)) == 30
