"""What readers entrust to us is in files that nobody else on the machine may read."""

import os
import re
import shlex
import stat
import subprocess
from pathlib import Path

import pytest

from tests.cli.conftest import Operator
from tests.cli.operation.test_run import running


def mode(path: Path) -> str:
    return f"{stat.S_IMODE(path.stat().st_mode):04o}"


def modes(folder: Path, *patterns: str) -> dict[str, str]:
    paths = [path for pattern in patterns for path in folder.glob(pattern)]
    return {path.relative_to(folder).as_posix(): mode(path) for path in paths}


@pytest.fixture
def mailed(operator: Operator) -> Operator:
    """An operator whose reader was mailed, and one of whose rows was refused."""
    assert operator.subscribe("ada@example.org,Ada", "no address,Bo").code == 1
    operator.file("ferry")
    operator.run("import", "articles")
    assert operator.run("tick").code == 0
    return operator


def test_store_outbox_and_refused_rows_are_for_their_owner_alone(mailed):
    assert modes(mailed.folder, "syndicate.db*", "*.refused.csv", "outbox", "outbox/*") == {
        "syndicate.db": "0600",
        "readers.refused.csv": "0600",
        "outbox": "0700",
        "outbox/000001-000001.eml": "0600",
    }
    assert mode(mailed.folder / "feeds/rss.xml") == "0644", "what readers are to see stays open"


@pytest.mark.slow
def test_so_are_the_log_and_the_index_of_a_store_in_use(mailed):
    with running(mailed):
        assert modes(mailed.folder, "syndicate.db*") == {
            "syndicate.db": "0600",
            "syndicate.db-shm": "0600",
            "syndicate.db-wal": "0600",
        }


def test_what_an_older_version_left_open_is_closed_when_it_is_written_again(mailed):
    refused = mailed.folder / "readers.refused.csv"
    refused.chmod(0o644)
    draft = mailed.folder / "outbox/.000002-000001.eml.new"
    draft.touch(0o644)
    mailed.subscribe("no address,Bo")
    mailed.file("tram")
    mailed.run("import", "articles")
    mailed.run("send", "breaking", "--article", "tram")
    assert mode(refused) == "0600"
    assert mode(mailed.folder / "outbox/000002-000001.eml") == "0600"


@pytest.mark.neighbours
def test_check_says_what_others_can_read_and_how_to_close_it(mailed):
    assert "others on this machine" not in mailed.run("check").err
    wide = {"syndicate.db": 0o644, "readers.refused.csv": 0o640, "outbox": 0o755}
    for name, bits in wide.items():
        (mailed.folder / name).chmod(bits)
    (mailed.folder / "outbox/000001-000001.eml").chmod(0o644)
    checked = mailed.run("check")
    assert checked.code == 0
    assert "syndicate.db: others on this machine may read it (its mode is 0644)" in checked.err
    assert "readers.refused.csv: others on this machine may read it" in checked.err
    assert "outbox: others on this machine may read it (its mode is 0755)" in checked.err
    for remedy in re.findall(r"chmod .*", checked.err):
        subprocess.run(shlex.split(remedy), cwd=mailed.folder, check=True)
    assert "others on this machine" not in mailed.run("check").err
    assert mode(mailed.folder / "outbox/000001-000001.eml") == "0600"


@pytest.mark.neighbours
def test_a_store_is_private_whatever_the_umask(operator):
    before = os.umask(0)
    try:
        operator.run("articles", own_python=True)
    finally:
        os.umask(before)
    assert modes(operator.folder, "syndicate.db*") == {"syndicate.db": "0600"}
