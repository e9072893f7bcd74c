"""The output folder: whole files, only ours, whatever happens in the middle."""

import os
import subprocess
import sys
import textwrap
import threading
from contextlib import closing

import pytest

from syndicate.errors import SyndicateError
from syndicate.publish.output.folder import OutputFolder, locked


@pytest.fixture
def folder(tmp_path):
    made = OutputFolder(tmp_path)
    yield made
    made.close()


def there(root):
    return {p.relative_to(root).as_posix() for p in root.rglob("*") if p.is_file()}


def test_a_file_is_written_only_where_its_bytes_are_other_ones(folder, tmp_path):
    assert folder.put("articles/a/index.html", b"a")
    assert not folder.put("articles/a/index.html", b"a")
    (tmp_path / "articles/a/index.html").write_bytes(b"A")
    assert folder.put("articles/a/index.html", b"a")
    assert (tmp_path / "articles/a/index.html").read_bytes() == b"a"


def test_a_file_goes_with_the_folders_it_leaves_empty(folder, tmp_path):
    folder.put("articles/a/amp/index.html", b"a")
    (tmp_path / "articles/notes.txt").write_text("mine")
    assert folder.delete("articles/a/amp/index.html")
    assert not folder.delete("articles/a/amp/index.html")
    assert not (tmp_path / "articles/a").exists()
    assert (tmp_path / "articles/notes.txt").exists()


@pytest.mark.parametrize(
    "path", ["../x", "a/../../x", "/etc/x", "a//x", ".manifest.sqlite", "a/.x", "", "a\0b"]
)
def test_a_path_that_leads_out_of_the_folder_is_refused(folder, tmp_path, path):
    with pytest.raises(SyndicateError):
        folder.put(path, b"x")
    assert not folder.has(path)
    assert not folder.delete(path)
    assert there(tmp_path) == set()


def test_a_folder_that_is_a_link_is_not_followed(tmp_path):
    elsewhere, feeds = tmp_path / "elsewhere", tmp_path / "feeds"
    feeds.mkdir()
    folder = OutputFolder(feeds)
    folder.put("articles/a/index.html", b"a")
    folder.close()
    (feeds / "articles").rename(elsewhere)
    (feeds / "articles").symlink_to(elsewhere)
    with pytest.raises(SyndicateError, match="is a link"):
        folder.put("articles/a/index.html", b"b")
    assert not folder.has("articles/a/index.html")
    assert not folder.delete("articles/a/index.html")
    assert (elsewhere / "a/index.html").read_bytes() == b"a"


def test_a_folder_that_becomes_a_link_during_a_build_is_not_followed(tmp_path):
    elsewhere, feeds = tmp_path / "elsewhere", tmp_path / "feeds"
    feeds.mkdir()
    with closing(OutputFolder(feeds)) as folder:
        folder.put("articles/a/index.html", b"a")
        (feeds / "articles").rename(elsewhere)
        (feeds / "articles").symlink_to(elsewhere)
        with pytest.raises(SyndicateError, match="is a link"):
            folder.put("articles/b/index.html", b"b")
    assert not (elsewhere / "b").exists()


def test_a_file_that_is_a_link_is_replaced_and_its_target_left_alone(folder, tmp_path):
    target = tmp_path / "target"
    target.write_bytes(b"home")
    (tmp_path / "index.html").symlink_to(target)
    assert not folder.has("index.html")
    assert folder.put("index.html", b"home")
    assert not (tmp_path / "index.html").is_symlink()
    (tmp_path / "index.html").unlink()
    (tmp_path / "index.html").symlink_to(target)
    assert folder.delete("index.html")
    assert target.read_bytes() == b"home"


def test_a_file_may_be_read_by_whoever_the_umask_lets(folder, tmp_path):
    before = os.umask(0o022)
    try:
        folder.put("index.html", b"home")
    finally:
        os.umask(before)
    assert (tmp_path / "index.html").stat().st_mode & 0o777 == 0o644


def test_a_reader_never_sees_a_part_of_a_file(folder, tmp_path):
    versions = [bytes([letter]) * 3_000_000 for letter in b"abcdef"]
    folder.put("rss.xml", versions[0])
    seen, done = set(), threading.Event()

    def look():
        while not done.is_set():
            data = (tmp_path / "rss.xml").read_bytes()
            seen.add((len(data), len(set(data))))

    reader = threading.Thread(target=look)
    reader.start()
    for version in versions * 3:
        folder.put("rss.xml", version)
    done.set()
    reader.join()
    assert seen == {(3_000_000, 1)}


def test_a_system_that_takes_a_file_piece_by_piece_gets_all_of_it(folder, tmp_path, monkeypatch):
    write = os.write
    monkeypatch.setattr(os, "write", lambda file, data: write(file, data[:1000]))
    data = bytes(range(256)) * 40
    assert folder.put("a/index.html", data)
    assert (tmp_path / "a/index.html").read_bytes() == data
    assert folder.put("empty.txt", b"")
    assert (tmp_path / "empty.txt").read_bytes() == b""


def test_a_disk_that_is_full_leaves_the_old_file_and_no_half(folder, tmp_path, monkeypatch):
    folder.put("index.html", b"old")

    def full(_file, _data):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "write", full)
    with pytest.raises(OSError, match="No space"):
        folder.put("index.html", b"new")
    assert there(tmp_path) == {"index.html", ".manifest.journal"}
    assert (tmp_path / "index.html").read_bytes() == b"old"


def test_folders_that_were_left_empty_are_made_again(folder, tmp_path):
    for _ in range(2):
        folder.put("articles/a/index.html", b"a")
        folder.put("articles/a/amp/index.html", b"a")
        folder.delete("articles/a/index.html")
        folder.delete("articles/a/amp/index.html")
        assert not (tmp_path / "articles").exists()


def test_a_file_in_the_place_of_a_folder_stops_what_would_lie_in_it(folder, tmp_path):
    (tmp_path / "articles").write_bytes(b"mine")
    for path in ("articles/index.html", "articles/a/index.html"):
        with pytest.raises(OSError, match=r"File exists|Not a directory"):
            folder.put(path, b"a")
        assert not folder.has(path)
    assert (tmp_path / "articles").read_bytes() == b"mine"


def test_a_name_that_no_file_can_have_is_no_file(folder):
    for path in ("articles/\ud800/index.html", f"articles/{'x' * 300}/index.html"):
        assert not folder.has(path)


DYING = """
    import os, sys
    from pathlib import Path
    from syndicate.publish.output.folder import OutputFolder
    replace, left = os.replace, int(sys.argv[2])

    def dying(partial_file, file):
        global left
        left -= 1
        if left < 0:
            os.kill(os.getpid(), 9)
        return replace(partial_file, file)

    os.replace = dying
    folder = OutputFolder(Path(sys.argv[1]))
    for path in ("new/a.html", "new/b.html", "old.html"):
        folder.put(path, b"second")
    os.kill(os.getpid(), 9)
"""


@pytest.mark.neighbours
@pytest.mark.parametrize("moment", [0, 1, 2, 3])
def test_a_build_that_is_killed_leaves_whole_files_and_says_which(tmp_path, moment):
    (tmp_path / "old.html").write_bytes(b"first")
    script = textwrap.dedent(DYING)
    killed = subprocess.run([sys.executable, "-c", script, tmp_path, str(moment)], check=False)
    assert killed.returncode == -9
    folder = OutputFolder(tmp_path)
    begun = ("new/a.html", "new/b.html", "old.html")[: moment + 1]
    assert folder.clean_up() == set(begun)
    assert there(tmp_path) == {*begun[:moment], "old.html", ".manifest.journal"}
    assert all((tmp_path / path).read_bytes() == b"second" for path in begun[:moment])
    folder.clear_journal()
    assert folder.clean_up() == set()


def test_what_is_deleted_is_told_after_a_crash_too(folder):
    folder.put("a.html", b"a")
    folder.clear_journal()
    folder.delete("a.html")
    assert folder.clean_up() == {"a.html"}


def test_a_folder_that_cannot_be_made_is_told_plainly(tmp_path):
    (tmp_path / "feeds").write_text("a file in the way")
    with pytest.raises(SyndicateError, match="feeds: File exists"), locked(tmp_path / "feeds"):
        pass


def test_a_folder_in_the_place_of_a_file_stops_that_file_alone(folder, tmp_path):
    (tmp_path / "rss.xml").mkdir()
    with pytest.raises(OSError, match="directory"):
        folder.put("rss.xml", b"feed")
    folder.put("atom.xml", b"feed")
    assert there(tmp_path) == {"atom.xml", ".manifest.journal"}


def test_a_build_waits_for_the_one_that_holds_the_folder(tmp_path):
    order = []

    def second():
        with locked(tmp_path):
            order.append("second")

    with locked(tmp_path):
        waiting = threading.Thread(target=second)
        waiting.start()
        order.append("first")
    waiting.join()
    assert order == ["first", "second"]
