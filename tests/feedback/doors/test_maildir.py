"""The Maildir: what a mail server writes is handed on once, and removed only then."""

import os
import tempfile
import threading
from contextlib import contextmanager
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from syndicate.errors import DoorUnavailable, StoreLocked
from syndicate.feedback.doors import maildir as module
from syndicate.feedback.doors.door import READ_BYTES, Disposal
from syndicate.feedback.doors.maildir import Maildir
from tests.feedback.doors.taken import Taken

NOBODY = 65534


@pytest.fixture
def folder(tmp_path):
    for name in ("new", "cur", "tmp"):
        (tmp_path / "bounces" / name).mkdir(parents=True)
    return tmp_path / "bounces"


def deliver(folder, *texts, to="new"):
    for number, text in enumerate(texts):
        (folder / to / f"1796{number:06}.M{number}P7.mx").write_bytes(text)


def read(folder, take=None, stop=None):
    taken = Taken() if take is None else take
    Maildir(folder).read(taken, stop or threading.Event())
    return taken


def files(folder):
    return sorted(path.name for name in ("new", "cur") for path in (folder / name).iterdir())


def test_files_of_new_and_cur_are_handed_on_in_order_and_removed(folder):
    deliver(folder, b"one", b"two")
    deliver(folder, b"seen", to="cur")
    deliver(folder, b"half writ", to="tmp")
    assert read(folder) == [b"one", b"two", b"seen"]
    assert files(folder) == []
    assert len(list((folder / "tmp").iterdir())) == 1


def test_a_name_that_is_not_utf_8_is_one_like_others(folder):
    (folder / os.fsdecode(b"new/1796.\xff\n.mx")).write_bytes(b"one")
    assert read(folder) == [b"one"]
    assert files(folder) == []


def test_a_file_is_removed_after_it_was_handed_on_not_before(folder):
    deliver(folder, b"one")

    def take(raw):
        assert len(files(folder)) == 1
        return Disposal.FOR_A_PERSON

    read(folder, take)
    assert files(folder) == []


def test_what_could_not_be_recorded_stays_and_the_rest_is_read(folder):
    deliver(folder, b"one", b"two", b"three")
    assert read(folder, Taken(Disposal.DONE, Disposal.KEEP)) == [b"one", b"two", b"three"]
    assert files(folder) == ["1796000001.M1P7.mx"]


def test_a_store_that_is_locked_leaves_everything_where_it_is(folder):
    deliver(folder, b"one", b"two")

    def take(raw):
        raise StoreLocked("the store is locked")

    with pytest.raises(StoreLocked):
        read(folder, take)
    assert len(files(folder)) == 2


def test_only_the_beginning_of_a_huge_file_is_read_and_the_file_is_removed(folder):
    with (folder / "new/1796.huge").open("wb") as file:
        file.write(b"From: mx\n\n")
        file.truncate(100 * 1024 * 1024)
    (raw,) = read(folder)
    assert len(raw) == READ_BYTES
    assert raw.startswith(b"From: mx\n\n")
    assert files(folder) == []


def test_what_is_no_file_stays_is_logged_once_and_is_never_waited_for(folder, tmp_path):
    secret = tmp_path / "secret"
    secret.write_text("not for you")
    os.mkfifo(folder / "new/0-pipe")
    (folder / "new/0-folder").mkdir()
    (folder / "new/0-link").symlink_to(secret)
    (folder / "new/.hidden").write_text("no mail")
    deliver(folder, b"one")
    door, taken = Maildir(folder), Taken()
    with capture_logs() as logs:
        for _ in range(2):
            door.read(taken, threading.Event())
    assert taken == [b"one"]
    assert files(folder) == [".hidden", "0-folder", "0-link", "0-pipe"]
    assert secret.read_text() == "not for you"
    names = [log["path"].rpartition("/")[2] for log in logs]
    assert sorted(names) == ["0-folder", "0-link", "0-pipe"]


def test_a_file_that_another_process_takes_meanwhile_is_no_failure(folder):
    deliver(folder, b"one", b"two", b"three")

    def take(raw):
        for path in (folder / "new").iterdir():
            path.unlink()
        return Disposal.DONE

    read(folder, take)
    assert files(folder) == []


def test_two_readers_at_once_hand_each_file_on_at_least_once_and_fail_at_none(folder):
    count = 300
    deliver(folder, *(b"%d" % number for number in range(count)))
    taken, failures = [Taken(), Taken()], []

    def work(own):
        try:
            read(folder, own)
        except Exception as error:  # noqa: BLE001 - shown below
            failures.append(error)

    threads = [threading.Thread(target=work, args=[own]) for own in taken]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert failures == []
    assert {*taken[0], *taken[1]} == {b"%d" % number for number in range(count)}
    assert files(folder) == []


def test_thousands_of_files_are_read_in_batches_past_those_that_stay(folder, monkeypatch):
    monkeypatch.setattr(module, "_BATCH", 10)
    deliver(folder, *(b"%d" % number for number in range(45)))
    kept = [Disposal.KEEP if number < 25 else Disposal.DONE for number in range(45)]
    taken = read(folder, Taken(*kept))
    assert sorted(map(int, taken)) == list(range(45))
    assert len(files(folder)) == 25


def test_it_stops_after_the_message_in_flight(folder):
    deliver(folder, b"one", b"two", b"three")
    stop = threading.Event()

    def take(raw):
        stop.set()
        return Disposal.DONE

    read(folder, take, stop)
    assert len(files(folder)) == 2


def test_a_maildir_that_is_not_there_yet_is_no_failure_and_is_not_made(tmp_path):
    with capture_logs() as logs:
        assert read(tmp_path / "bounces") == []
    assert [log["path"] for log in logs] == [
        f"{tmp_path}/bounces/{name}" for name in ("new", "cur")
    ]
    assert "the mail server makes it" in logs[0]["reason"]
    assert not (tmp_path / "bounces").exists()


def test_a_maildir_in_a_folder_that_does_not_exist_is_a_failure(tmp_path):
    with pytest.raises(DoorUnavailable, match=r"no folder .*/typo, in which"):
        read(tmp_path / "typo/bounces")


def test_a_path_that_is_a_file_says_what_is_expected(tmp_path):
    (tmp_path / "bounces").mkdir()
    (tmp_path / "bounces/new").write_text("an mbox?")
    with pytest.raises(DoorUnavailable, match=r"bounces/new: Not a directory; bounces\.maildir"):
        read(tmp_path / "bounces")


@pytest.fixture
def as_nobody():
    """Give up the rights of root in a block."""
    if os.geteuid() != 0:
        pytest.skip("only root can give up its rights")

    @contextmanager
    def rights():
        os.seteuid(NOBODY)
        try:
            yield
        finally:
            os.seteuid(0)

    return rights


@pytest.fixture
def shared(as_nobody):
    with tempfile.TemporaryDirectory() as made:  # pytest's is closed to others
        path = Path(made)
        path.chmod(0o755)
        for name in ("new", "cur"):
            (path / name).mkdir()
        deliver(path, b"mine", b"yours")
        for file, mode in zip(sorted((path / "new").iterdir()), (0o600, 0o644), strict=True):
            file.chmod(mode)
        yield path


def test_what_cannot_be_read_is_reported_and_the_rest_is_read(shared, as_nobody):
    (shared / "new").chmod(0o777)
    taken = Taken()
    with (
        as_nobody(),
        pytest.raises(DoorUnavailable, match=r"M0P7\.mx: Permission denied; the user"),
    ):
        read(shared, taken)
    assert taken == [b"yours"]
    assert files(shared) == ["1796000000.M0P7.mx"]


def test_a_folder_that_cannot_be_written_to_is_reported(shared, as_nobody):
    with as_nobody(), pytest.raises(DoorUnavailable, match=r"Permission denied, and 1 more; the"):
        read(shared)
    assert len(files(shared)) == 2
