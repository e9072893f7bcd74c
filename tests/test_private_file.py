"""Files that only their owner may read."""

import os

import pytest

from syndicate.private_file import create_private, open_private


@pytest.mark.parametrize("mode", [None, 0o644, 0o600])
def test_a_private_file_is_emptied_and_for_its_owner_alone_also_where_it_was_there_before(
    tmp_path, mode
):
    path = tmp_path / "readers.csv"
    if mode is not None:
        path.write_text("from before")
        path.chmod(mode)
    os.close(open_private(path))
    assert (path.read_text(), path.stat().st_mode & 0o777) == ("", 0o600)


def test_a_file_that_is_there_is_not_created_again(tmp_path):
    path = tmp_path / "store.db"
    create_private(path)
    assert path.stat().st_mode & 0o777 == 0o600
    path.write_text("kept")
    create_private(path)
    assert path.read_text() == "kept"
