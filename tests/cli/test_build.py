"""`build` as operators see it."""

import os
import pty
import subprocess
import sys


def seen(operator, *words: str) -> str:
    """Run `syndicate` in a terminal and return what stands there."""
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-m", "syndicate", *words], cwd=operator.folder, stdout=theirs
    ) as running:
        os.close(theirs)
        text = b""
        while data := _read(ours):
            text += data
        running.wait()
    os.close(ours)
    return text.decode()


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 65536)
    except OSError:  # Linux says so when nobody holds the other end
        return b""


def test_many_files_are_counted_in_a_terminal_and_listed_elsewhere(operator):
    for number in range(30):
        operator.file(f"story-{number}")
    assert operator.run("import", "articles").code == 0
    terminal = seen(operator, "build")
    assert "articles/: 62 files" in terminal.replace("\x1b[0m", "")
    assert "story-7" not in terminal
    operator.file("story-7", title="Again")
    assert operator.run("import", "articles").code == 0
    assert "written   articles/story-7/index.html" in operator.run("build").out
