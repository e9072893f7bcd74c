"""`run`: one process that serves, takes in, composes and delivers, until it is told to stop."""

import json
import os
import signal
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import httpx
import pytest

from tests.cli.conftest import PATIENCE, Operator
from tests.cli.fork_server import StartedCommand, command_server
from tests.intake.media import sample_recordings
from tests.ports import free_port

pytestmark = pytest.mark.slow


@dataclass
class Running:
    """A `syndicate run` that answers."""

    process: StartedCommand
    url: str

    def stop(self, how: signal.Signals = signal.SIGINT) -> tuple[int, str, str]:
        """Stop its process group as a terminal does; return its exit code and streams."""
        os.killpg(self.process.pid, how)
        out, err = self.process.communicate(timeout=PATIENCE)
        return self.process.wait(), out, err


def until(true: Callable[[], object], patience: float = PATIENCE) -> None:
    """Wait for something to come true."""
    end = time.monotonic() + patience
    while time.monotonic() < end:
        try:
            if true():
                return
        except httpx.TransportError:
            pass
        time.sleep(0.1)
    pytest.fail("it did not come true in time")


@contextmanager
def running(operator: Operator, command: str = "run", port: int | None = None) -> Iterator[Running]:
    port = port or free_port()
    process = command_server().popen(
        operator.folder, command, new_session=True, env={"PORT": str(port)}
    )
    one = Running(process, f"http://127.0.0.1:{port}")
    try:
        until(lambda: process.poll() is not None or httpx.get(f"{one.url}/healthz").is_success)
        yield one
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate(timeout=PATIENCE)


def outbox(operator: Operator) -> list[str]:
    return sorted(path.name for path in (operator.folder / "outbox").glob("*.eml"))


def test_files_that_can_not_be_read_keep_run_from_nothing(operator):
    folder = operator.folder / "articles"
    (folder / "empty.html").write_text("<!DOCTYPE html>")
    (folder / "number.md").write_text(f"---\ntitle: A number\nsize: 0x{'f' * 5000}\n---\nText\n")
    (folder / "sound.opus").write_bytes(sample_recordings.opus()[:70] + bytes(60))
    (folder / "sound.md").write_text("---\ntitle: A sound\naudio: sound.opus\n---\nText\n")
    operator.file("tram")
    with running(operator) as one:
        assert httpx.get(f"{one.url}/articles/tram/").status_code == 200
        assert httpx.get(f"{one.url}/articles/number/").status_code == 200
        assert httpx.get(f"{one.url}/articles/sound/").status_code == 200
        _, _, errors = one.stop()
    assert "articles/empty.html:1: no front matter" in errors
    assert "articles/sound.md: the recording is ignored: sound.opus: " in errors
    assert "Traceback" not in errors


def last_slot(operator: Operator) -> str:
    slots: list[str] = [fire["slot"] for fire in json.loads(operator.run("fires", "--json").out)]
    return max(slots)


@pytest.fixture
def newsroom(operator: Operator) -> Operator:
    """An operator with two readers and a breaking schedule that fires all the time."""
    operator.configure('every = "10m"', 'every = "10s"')
    operator.subscribe("ada@example.org,Ada", "bo@example.org,Bo")
    return operator


def test_a_file_saved_while_it_runs_is_on_the_page_in_the_feed_and_in_the_mail(newsroom):
    with running(newsroom) as one:
        assert httpx.get(f"{one.url}/articles/welcome/").status_code == 200
        newsroom.file("ferry", title="Ferry aground")
        until(lambda: httpx.get(f"{one.url}/articles/ferry/").is_success)
        until(lambda: "Ferry aground" in httpx.get(f"{one.url}/rss.xml").text)
        until(lambda: len(outbox(newsroom)) == 2)
        assert "Breaking: Ferry aground" in httpx.get(f"{one.url}/outbox").text
        code, out, err = one.stop()
    assert code == 0
    assert f"is at {one.url}/" in out
    assert "Save a file like this into articles/:" in out
    assert "Traceback" not in err


def test_it_runs_again_and_mails_nobody_twice(newsroom):
    newsroom.file("ferry")
    with running(newsroom) as one:
        until(lambda: len(outbox(newsroom)) == 2)
        assert one.stop(signal.SIGTERM)[0] == 0
    with running(newsroom) as one:
        before = last_slot(newsroom)
        until(lambda: last_slot(newsroom) != before)  # another one, in which nobody is mailed
        one.stop()
    assert outbox(newsroom) == ["000001-000001.eml", "000001-000002.eml"]


def test_two_of_them_and_a_kill_mail_nobody_twice_and_miss_nobody(newsroom):
    newsroom.subscribe(*(f"r{number}@example.org," for number in range(60)))
    with running(newsroom) as one, running(newsroom) as two:
        newsroom.file("ferry")
        until(lambda: outbox(newsroom))
        os.killpg(one.process.pid, signal.SIGKILL)
        one.process.wait()
        until(lambda: len(outbox(newsroom)) == 62)
        two.stop()
    newsroom.run("tick")
    [edition] = json.loads(newsroom.run("editions", "--json").out)
    assert (edition["audience"], edition["accepted"], edition["unknown"]) == (62, 62, 0)
    assert len(outbox(newsroom)) == 62


def test_a_port_that_is_taken_is_said_plainly(newsroom):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        said = newsroom.run("run", "--port", str(taken.getsockname()[1]))
    assert said.code == 1
    assert "is in use by another program" in said.err


def test_it_names_the_outbox_as_a_page_only_where_it_is_one(newsroom):
    newsroom.configure("[web]", '[web]\nhost = "0.0.0.0"')
    with running(newsroom) as one:
        assert httpx.get(f"{one.url}/outbox").status_code == 404
        _, out, _ = one.stop()
    assert "  mail        outbox/ (no mail is really sent" in out


def test_serve_is_the_web_alone(newsroom):
    newsroom.run("import", "articles")
    newsroom.run("build")
    newsroom.file("ferry")
    with running(newsroom, "serve") as one:
        assert httpx.get(f"{one.url}/feed.json").json()["items"][0]["title"].startswith("Welcome")
        time.sleep(3)
        assert httpx.get(f"{one.url}/articles/ferry/").status_code == 404
        assert one.stop()[0] == 0
    assert outbox(newsroom) == []
