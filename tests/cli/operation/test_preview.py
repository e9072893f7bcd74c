"""`preview`: says where it is, shows what is saved, and ends when it is told to."""

import os
import re
import signal
import subprocess
import sys

import httpx
import pytest

from tests.cli.conftest import PATIENCE


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("digst",), 1, "did you mean digest?"),
        (("next-none.md",), 1, "next-none.md: no such file, nor in editions/"),
        (("digest", "--newsletter", "none"), 2, "no newsletter is called 'none'"),
        (("digest",), 1, "syndicate import articles"),
    ],
)
def test_what_can_not_be_shown_is_refused(operator, words, code, said):
    refused = operator.run("preview", *words)
    assert (refused.code, refused.out) == (code, "")
    assert said in refused.err
    assert not (operator.folder / "syndicate.db").exists()


@pytest.mark.neighbours
def test_it_serves_until_it_is_stopped_and_mails_nobody(operator):
    operator.run("import", "articles")
    operator.subscribe("ada@example.org,Ada")
    process = subprocess.Popen(
        [sys.executable, "-u", "-m", "syndicate", "preview", "digest", "--port", "0"],
        cwd=operator.folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        assert process.stdout
        address = re.search(r"http://\S+/preview", process.stdout.readline())
        assert address
        assert "Welcome to Post" in httpx.get(address[0], trust_env=False).text
        with httpx.stream("GET", f"{address[0]}/changes", trust_env=False) as changes:
            lines = changes.iter_lines()
            assert next(lines).startswith("data: ")
            os.kill(process.pid, signal.SIGINT)
            assert [line for line in lines if line.startswith("data")] == [], "the stream ends"
        _, errors = process.communicate(timeout=PATIENCE)
    finally:
        process.kill()
    assert (process.returncode, errors) == (0, "")
    assert not (operator.folder / "outbox").exists()


BREAKS = """
from syndicate.cli import main
from syndicate.web.server import server

async def breaks(self, counter):
    raise RuntimeError("a bug of ours")

server._Uvicorn.on_tick = breaks
main()
"""


@pytest.mark.neighbours
def test_where_the_web_breaks_down_it_ends_and_says_so(operator):
    operator.run("import", "articles")
    command = [sys.executable, "-c", BREAKS, "preview", "digest", "--port", "0"]
    ended = subprocess.run(
        command, cwd=operator.folder, capture_output=True, text=True, timeout=60, check=False
    )
    assert ended.returncode == 1
    assert "RuntimeError: a bug of ours" in ended.stderr
    assert "the web server crashed" in ended.stderr
