"""The output folder: whole files, only ours, whatever happens in the middle."""

import json
import os
import subprocess
import sys
import textwrap
import threading

import pytest

from syndicate.errors import SyndicateError
from syndicate.publish.manifest import Manifest
from syndicate.publish.writer import Output


def put(folder, files):
    """Run one build that consists of these files; return what it wrote and what it deleted."""
    with Output.open(folder) as output:
        written = [path for path, data in files.items() if output.put(path, data)]
        return written, output.finish()


def there(folder):
    return {
        place.relative_to(folder).as_posix()
        for place in folder.rglob("*")
        if place.is_file() and not place.name.startswith(".")
    }


def test_a_second_build_of_the_same_writes_nothing(tmp_path):
    files = {"index.html": b"home", "articles/a/index.html": b"a"}
    assert put(tmp_path, files) == (list(files), [])
    before = {place: place.stat().st_mtime_ns for place in tmp_path.rglob("*") if place.is_file()}
    assert put(tmp_path, files) == ([], [])
    lock = tmp_path / ".lock"
    after = {place: place.stat().st_mtime_ns for place in tmp_path.rglob("*") if place.is_file()}
    assert {**after, lock: 0} == {**before, lock: 0}


def test_a_file_changed_by_hand_or_missing_is_written_again(tmp_path):
    files = {"index.html": b"home", "rss.xml": b"feed", "atom.xml": b"feed"}
    put(tmp_path, files)
    (tmp_path / "index.html").write_bytes(b"HOME")
    (tmp_path / "rss.xml").unlink()
    assert put(tmp_path, files) == (["index.html", "rss.xml"], [])
    assert (tmp_path / "index.html").read_bytes() == b"home"


def test_what_is_no_longer_named_is_deleted_with_the_folders_it_leaves_empty(tmp_path):
    put(tmp_path, {"articles/a/index.html": b"a", "articles/a/amp/index.html": b"a", "x": b"x"})
    assert put(tmp_path, {"x": b"x"})[1] == ["articles/a/amp/index.html", "articles/a/index.html"]
    assert there(tmp_path) == {"x"}
    assert not (tmp_path / "articles").exists()


def test_a_file_of_the_operators_is_never_touched(tmp_path):
    put(tmp_path, {"articles/a/index.html": b"a"})
    for path in ("robots.txt", "articles/a/notes.txt", ".gitignore"):
        (tmp_path / path).write_text("mine")
    put(tmp_path, {})
    for path in ("robots.txt", "articles/a/notes.txt", ".gitignore"):
        assert (tmp_path / path).read_text() == "mine"
    assert not (tmp_path / "articles/a/index.html").exists()


def test_without_its_manifest_a_build_deletes_nothing(tmp_path):
    put(tmp_path, {"old.html": b"old", "index.html": b"home"})
    (tmp_path / ".manifest.json").write_text('{"files": 7}')
    assert put(tmp_path, {"index.html": b"home"}) == ([], [])
    assert there(tmp_path) == {"old.html", "index.html"}


@pytest.mark.parametrize(
    "path", ["../x", "a/../../x", "/etc/x", "a//x", ".manifest.json", "a/.x", "", "a\0b"]
)
def test_a_path_that_leads_out_of_the_folder_is_refused(tmp_path, path):
    with Output.open(tmp_path / "feeds") as output, pytest.raises(SyndicateError):
        output.put(path, b"x")
    assert there(tmp_path) == set()


def test_a_folder_that_is_a_link_is_not_followed(tmp_path):
    elsewhere, feeds = tmp_path / "elsewhere", tmp_path / "feeds"
    put(feeds, {"articles/a/index.html": b"a"})
    (feeds / "articles").rename(elsewhere)
    (feeds / "articles").symlink_to(elsewhere)
    with Output.open(feeds) as output:
        with pytest.raises(SyndicateError, match="is a link"):
            output.put("articles/a/index.html", b"b")
        assert not output.keep("articles/a/index.html")
        assert output.finish() == []
    assert (elsewhere / "a/index.html").read_bytes() == b"a"


def test_a_file_that_is_a_link_is_replaced_and_its_target_left_alone(tmp_path):
    target, feeds = tmp_path / "target", tmp_path / "feeds"
    target.write_bytes(b"home")
    feeds.mkdir()
    (feeds / "index.html").symlink_to(target)
    assert put(feeds, {"index.html": b"home"})[0] == ["index.html"]
    assert not (feeds / "index.html").is_symlink()
    (feeds / "index.html").unlink()
    (feeds / "index.html").symlink_to(target)
    assert put(feeds, {})[1] == ["index.html"]
    assert target.read_bytes() == b"home"


def test_a_manifest_written_by_someone_else_deletes_nothing_outside(tmp_path):
    feeds = tmp_path / "feeds"
    feeds.mkdir()
    (tmp_path / "precious").write_text("mine")
    facts = {"sha256": "0", "size": 1}
    listed = {"files": {"../precious": facts, str(tmp_path / "precious"): facts}}
    (feeds / ".manifest.json").write_text(json.dumps(listed))
    assert put(feeds, {})[1] == []
    assert (tmp_path / "precious").exists()


def test_the_manifest_says_how_each_file_is_served(tmp_path):
    with Output.open(tmp_path) as output:
        output.put("a/index.html", b"gone", status=410)
        output.put("b/index.html", b"moved", status=301, location="/c/")
        output.finish()
    manifest = Manifest.load(tmp_path)
    gone, moved = manifest.entry("a/index.html"), manifest.entry("b/index.html")
    assert gone is not None
    assert moved is not None
    assert (gone.status, gone.size, len(gone.sha256)) == (410, 4, 64)
    assert (moved.status, moved.location) == (301, "/c/")
    assert manifest.entry("c/index.html") is None


def test_a_file_is_kept_only_as_it_was_served(tmp_path):
    put(tmp_path, {"a": b"a", "b": b"b", "c": b"c"})
    (tmp_path / "c").unlink()
    with Output.open(tmp_path) as output:
        assert output.keep("a")
        assert not output.keep("b", status=410)
        assert not output.keep("c")
        assert output.finish() == ["b"]


def test_a_file_may_be_read_by_whoever_the_umask_lets(tmp_path):
    before = os.umask(0o022)
    try:
        put(tmp_path, {"index.html": b"home"})
    finally:
        os.umask(before)
    assert (tmp_path / "index.html").stat().st_mode & 0o777 == 0o644


def test_a_reader_never_sees_a_part_of_a_file(tmp_path):
    versions = [bytes([letter]) * 3_000_000 for letter in b"abcdef"]
    put(tmp_path, {"rss.xml": versions[0]})
    seen, done = set(), threading.Event()

    def look():
        while not done.is_set():
            data = (tmp_path / "rss.xml").read_bytes()
            seen.add((len(data), len(set(data))))

    reader = threading.Thread(target=look)
    reader.start()
    for version in versions * 3:
        put(tmp_path, {"rss.xml": version})
    done.set()
    reader.join()
    assert seen == {(3_000_000, 1)}


DYING = """
    import os, sys
    from pathlib import Path
    from syndicate.publish import writer
    replace, left = Path.replace, int(sys.argv[2])

    def dying(self, target):
        global left
        left -= 1
        if left < 0:
            os.kill(os.getpid(), 9)
        return replace(self, target)

    Path.replace = dying
    with writer.Output.open(Path(sys.argv[1])) as output:
        for path in ("new/a.html", "new/b.html", "old.html"):
            output.put(path, b"second")
        output.finish()
"""


@pytest.mark.parametrize("moment", [0, 1, 2, 3])
def test_a_build_that_is_killed_orphans_nothing_and_costs_the_operator_nothing(tmp_path, moment):
    put(tmp_path, {"old.html": b"first", "older.html": b"first"})
    (tmp_path / "robots.txt").write_text("mine")
    script = textwrap.dedent(DYING)
    killed = subprocess.run([sys.executable, "-c", script, tmp_path, str(moment)], check=False)
    assert killed.returncode == -9
    assert all(
        (tmp_path / path).read_bytes() in (b"first", b"second", b"mine") for path in there(tmp_path)
    )
    put(tmp_path, {"index.html": b"home"})
    left = {p.relative_to(tmp_path).as_posix() for p in tmp_path.rglob("*") if p.is_file()}
    assert left == {"index.html", "robots.txt", ".lock", ".manifest.json"}


def test_a_folder_that_cannot_be_made_is_told_plainly(tmp_path):
    (tmp_path / "feeds").write_text("a file in the way")
    with (
        pytest.raises(SyndicateError, match="feeds: File exists"),
        Output.open(tmp_path / "feeds"),
    ):
        pass


def test_a_folder_in_the_place_of_a_file_stops_that_file_alone(tmp_path):
    (tmp_path / "rss.xml").mkdir()
    with Output.open(tmp_path) as output:
        with pytest.raises(OSError, match="directory"):
            output.put("rss.xml", b"feed")
        output.put("atom.xml", b"feed")
        output.finish()
    assert there(tmp_path) == {"atom.xml"}
    assert not [place for place in tmp_path.iterdir() if place.name.endswith(".new")]


def test_a_build_waits_for_the_one_that_holds_the_folder(tmp_path):
    order = []
    with Output.open(tmp_path) as output:
        second = threading.Thread(target=lambda: order.append(put(tmp_path, {"a": b"2"})))
        second.start()
        output.put("a", b"1")
        output.finish()
        order.append("first")
    second.join()
    assert order == ["first", (["a"], [])]
    assert (tmp_path / "a").read_bytes() == b"2"
