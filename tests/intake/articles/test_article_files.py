"""Finding article files."""

import os
from pathlib import Path

import pytest

from syndicate.errors import Refused
from syndicate.intake.articles.article_files import find_article_files


def test_articles_are_found_recursively_in_order_and_others_passed_over(tmp_path):
    names = [
        "b.md",
        "a.markdown",
        "sub/c.HTML",
        "sub/d.htm",
        "LICENSE",
        "e.txt",
        ".hidden.md",
        ".git/x.md",
        "f.md~",
        "_site/g.html",
        "docs/_includes/h.html",
        "node_modules/i/README.md",
        "_index.md",
        "sub/_index.de.md",
    ]
    for name in names:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    (tmp_path / "folder.md").mkdir()
    (tmp_path / "dead.md").symlink_to(tmp_path / "gone")
    found = [str(file.relative_to(tmp_path)) for file in find_article_files([tmp_path])]
    assert found == ["a.markdown", "b.md", "sub/c.HTML", "sub/d.htm"]


def test_a_link_back_is_followed_once(tmp_path):
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "a.md").touch()
    (tmp_path / "sub" / "back").symlink_to(tmp_path)
    assert find_article_files([tmp_path, tmp_path / "sub", tmp_path / "sub" / "a.md"]) == [
        tmp_path / "sub" / "a.md"
    ]


def test_a_folder_comes_before_a_link_to_it(tmp_path):
    (tmp_path / "z").mkdir()
    (tmp_path / "z" / "a.md").touch()
    (tmp_path / "a").symlink_to(tmp_path / "z")
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "link").symlink_to(tmp_path / "z")
    assert find_article_files([tmp_path]) == [tmp_path / "z" / "a.md"]


def test_links_that_lead_nowhere_keep_nothing_out(tmp_path):
    (tmp_path / "a.md").touch()
    (tmp_path / "circle").symlink_to(tmp_path / "circle")
    (tmp_path / "through").symlink_to(tmp_path / "a.md" / "b")
    assert find_article_files([tmp_path]) == [tmp_path / "a.md"]


def test_folders_may_lie_as_deep_as_the_system_has_them(tmp_path):
    folders = [str(tmp_path.joinpath(*["d"] * deep)) for deep in range(1, 1200)]
    for folder in folders:
        os.mkdir(folder)  # noqa: PTH102 - Path's way would call itself for each
    file = Path(folders[-1], "a.md")
    file.touch()
    assert find_article_files([tmp_path]) == [file]
    file.unlink()
    for folder in reversed(folders):  # whoever tidies up may call itself for each, too
        os.rmdir(folder)  # noqa: PTH106


def test_a_path_that_does_not_exist_is_named(tmp_path):
    with pytest.raises(Refused, match=r"gone: no such file or folder"):
        find_article_files([tmp_path, tmp_path / "gone"])
