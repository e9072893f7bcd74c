"""`make run` in a clone: the demonstration is up, its digest is in the outbox, and it ends when told.

Its environment has our command alone; making a real one is the first thing that CI does.
"""

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path

import httpx
import pytest
from PIL import Image

from tests import ROOT
from tests.cli.operation.test_run import until
from tests.ports import free_port
from tests.requirements import require

pytestmark = pytest.mark.slow


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """What a clone of the repository holds."""
    require((ROOT / ".git").exists(), "not a checkout")
    require(shutil.which("make"), "make is missing")
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True)
    for name in filter(None, listed.stdout.decode().split("\0")):
        source, target = ROOT / name, tmp_path / name
        if source.exists():
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(source, target, follow_symlinks=False)
    for file in tmp_path.glob("articles/pictures/*.jpg"):
        with Image.open(file) as picture:
            picture.resize((320, 180)).save(file)
    config = tmp_path / "config.toml"
    said = config.read_text()
    assert 'every = "1m"' in said
    config.write_text(said.replace('every = "1m"', 'every = "10s"'))  # nobody has to wait for it
    return tmp_path


@pytest.fixture
def environment(forked_python: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An environment whose command is a fork: six of them are run at each start."""
    folder = tmp_path_factory.mktemp("environment")
    (folder / "bin").mkdir()
    command = folder / "bin" / "syndicate"
    command.write_text(f'#!/bin/sh\nexec {forked_python} -m syndicate "$@"\n')
    command.chmod(0o700)
    (folder / "run.stamp").touch()
    return folder


@contextmanager
def make_run(clone: Path, environment: Path, port: int) -> Iterator[subprocess.Popen[str]]:
    with (clone / "out.txt").open("w") as out:
        process = subprocess.Popen(
            ["make", "run", f"VENV={environment}", f"--old-file={environment}/run.stamp"],
            cwd=clone,
            env={**os.environ, "PORT": str(port)},
            stdout=out,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
    try:
        until(lambda: process.poll() is not None or httpx.get(f"http://127.0.0.1:{port}/"))
        assert process.poll() is None, (clone / "out.txt").read_text()
        yield process
        os.killpg(process.pid, signal.SIGINT)
        process.wait(60)
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def outbox(clone: Path, files: str = "0*.eml") -> list[EmailMessage]:
    """What readers got, or the newsroom (`staff-*.eml`)."""
    return [
        message_from_bytes(file.read_bytes(), policy=default)
        for file in sorted((clone / "outbox").glob(files))
    ]


def test_the_demonstration_comes_up_mails_its_digest_once_and_takes_in_what_is_saved(
    clone, environment
):
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    with make_run(clone, environment, port):
        until(lambda: len(outbox(clone)) == 5)
        subjects = {str(mail["subject"]) for mail in outbox(clone)}
        assert len(subjects) == 1
        assert subjects.pop().startswith("Breaking: ")
        assert httpx.get(f"{url}/outbox").is_success
        said = (clone / "out.txt").read_text()
        example = said.partition("Save a file like this into articles/: ")[2]
        name, _, text = example.partition("\n\n")
        (clone / name).write_text(text)
        until(lambda: httpx.get(f"{url}/articles/lighthouse/").is_success)
        until(lambda: "lighthouse" in httpx.get(f"{url}/rss.xml").text)
        until(lambda: len(outbox(clone)) == 10)
        assert str(outbox(clone)[-1]["subject"]).startswith("Breaking: The lighthouse is dark")
    with make_run(clone, environment, port):
        time.sleep(5)
    assert len(outbox(clone)) == 10
    [proof] = outbox(clone, "staff-*.eml")
    assert str(proof["subject"]).startswith("Proof: ")
    assert "Maren Tolk" in str(proof["to"]) or "maren@" in str(proof["to"])
    assert "Traceback" not in (clone / "out.txt").read_text()
