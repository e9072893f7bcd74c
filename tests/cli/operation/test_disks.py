"""Disks that are full or read-only: what can be served is served, and readiness says the rest."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.cli.conftest import Operator
from tests.cli.operation.test_run import running, until

pytestmark = pytest.mark.slow


class Disk:
    """A file system of our own that a publication is on."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def remount(self, how: str) -> None:
        """Make it `ro` or `rw`, once nobody has a file open for writing."""
        command = ["mount", "-o", f"remount,{how}", str(self.folder)]
        until(lambda: subprocess.run(command, check=False, capture_output=True).returncode == 0)

    def fill(self) -> Path:
        """Leave no room on it; return the file that takes it."""
        filler = self.folder / "filler"
        with filler.open("wb", buffering=0) as file:
            try:
                while True:
                    file.write(bytes(4096))
            except OSError:
                return filler


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Disk]:
    if os.geteuid():
        pytest.skip("only root may mount a file system")
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=16m", "tmpfs", str(folder)]
    mounted = subprocess.run(mount, check=False, capture_output=True, text=True)
    if mounted.returncode:
        pytest.skip(f"no file system can be mounted here: {mounted.stderr.strip()}")
    yield Disk(folder)
    until(lambda: subprocess.run(["umount", str(folder)], check=False).returncode == 0)


@pytest.fixture
def post(disk: Disk) -> Operator:
    """An operator whose publication is built, on that disk."""
    assert Operator(disk.folder).run("init", "post").code == 0
    made = Operator(disk.folder / "post")
    made.run("import", "articles")
    made.run("build")
    return made


def sign_up(url: str) -> httpx.Response:
    form = {"email": "ada@example.org", "newsletter": "breaking"}
    return httpx.post(f"{url}/signup", data=form)


def test_a_full_disk_is_in_readiness_until_there_is_room(disk, post):
    with running(post, "serve") as serve:
        assert httpx.get(f"{serve.url}/readyz").text == "ok\n"
        filler = disk.fill()
        until(lambda: "the store can't be written" in httpx.get(f"{serve.url}/readyz").text)
        lines = httpx.get(f"{serve.url}/readyz").text.splitlines()
        assert [line.partition(":")[0] for line in lines[:2]] == [
            "the store can't be written",
            "the output can't be written",
        ]
        # as soon as that is looked at
        assert all(line.startswith("a disk is nearly full: ") for line in lines[2:])
        assert "No space left on device" in lines[1]
        assert httpx.get(f"{serve.url}/").status_code == 200
        assert httpx.get(f"{serve.url}/readyz/web").text == "ok\n"
        filler.unlink()
        until(lambda: httpx.get(f"{serve.url}/readyz").text == "ok\n")


@pytest.mark.parametrize("clean", [True, False], ids=["stopped", "killed"])
def test_serve_starts_on_a_read_only_disk_and_goes_on_once_it_can_write(disk, post, clean):
    if not clean:
        with running(post, "serve") as before:
            assert sign_up(before.url).status_code == 200
    disk.remount("ro")
    with running(post, "serve") as serve:
        for path in ("/", "/rss.xml", "/newsletters/", "/signup", "/healthz", "/readyz/web"):
            assert httpx.get(f"{serve.url}{path}").status_code == 200, path
        ready = httpx.get(f"{serve.url}/readyz")
        assert ready.status_code == 503
        assert "the store can't be written" in ready.text
        assert "Read-only file system" in ready.text
        refused = sign_up(serve.url)
        assert (refused.status_code, "Nothing has been changed yet" in refused.text) == (503, True)
        disk.remount("rw")
        until(lambda: httpx.get(f"{serve.url}/readyz").text == "ok\n")
        assert sign_up(serve.url).status_code == 200
        code, _, log = serve.stop()
    assert code == 0
    assert "Traceback" not in log
    assert "[error" in next(line for line in log.splitlines() if "can't be written" in line)
