"""Own pages: what their files say, mistakes with line and remedy, read again on change."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from syndicate.config import Config
from syndicate.intake.pages.page_files import PageFiles
from syndicate.model.own_pages import OwnPage

ABOUT = "---\ntitle: About us\nfooter: true\n---\nWe are **eleven** people.\n"


@pytest.fixture
def pages(publication: Callable[..., Config]) -> PageFiles:
    files = PageFiles(config=publication())
    files.folder.mkdir()
    return files


def write(pages: PageFiles, name: str, text: str) -> Path:
    (pages.folder / name).write_text(text)
    return pages.folder / name


def only(pages: PageFiles) -> OwnPage:
    (page,) = pages.read().pages
    return page


def test_a_page_is_named_by_its_file_and_has_no_script(pages):
    write(pages, "about.md", ABOUT.replace("people.", "people.<script>x</script>"))
    page = only(pages)
    assert (page.title, page.address, page.footer) == ("About us", "/about/", True)
    assert page.body.strip() == "<p>We are <b>eleven</b> people.</p>".replace("b>", "strong>")
    assert OwnPage.from_json(page.to_json()) == page


def test_a_page_may_have_another_address_and_a_description(pages):
    write(pages, "x.md", "---\ntitle: Imprint\nslug: legal/\ndescription: Who.\n---\n")
    page = only(pages)
    assert (page.address, page.description, page.footer) == ("/legal/", "Who.", False)


def test_pipes_are_skipped_and_links_in_a_circle_are_followed_once(pages):
    write(pages, "about.md", ABOUT)
    os.mkfifo(pages.folder / "pipe.md")
    for name in ("a", "b"):
        (pages.folder / name).symlink_to(pages.folder)
    assert only(pages).slug == "about"


def test_there_need_not_be_a_folder_and_notes_in_it_are_no_pages(publication):
    pages = PageFiles(config=publication())
    assert pages.read().pages == ()
    pages.folder.mkdir()
    for name in ("README.md", "_draft.md", ".hidden.md", "notes.txt"):
        write(pages, name, ABOUT)
    assert pages.read().pages == ()
    assert pages.read().refused == ()


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("a.md", "About us\n", "pages/a.md:1: no front matter — expected a line of ---, and a title"),
        ("a.md", "---\nfooter: true\n---\n", "pages/a.md:1: no title — expected a line such as `title: About us`"),
        ("a.md", "---\ntitle: A\nfotter: true\n---\n", "pages/a.md:3: fotter is unknown; did you mean footer?"),
        ("a.md", "---\ntitle: A\nsummary: x\n---\n", "pages/a.md:3: summary is unknown; did you mean description?"),
        ("a.md", "---\ntitle: A\nfooter: maybe\n---\n", 'pages/a.md:3: footer = "maybe" — expected true or false'),
        ("a.md", "---\ntitle: A\nslug: Über uns\n---\n", 'pages/a.md:3: slug = "Über uns" — expected small letters, digits and hyphens, such as about-us'),
        ("tags.md", "---\ntitle: A\n---\n", "pages/tags.md:1: /tags/ is an address of Syndicate's own; rename the file, or write a slug such as `slug: about-us`"),
        ("a.md", "---\ntitle: A\nslug: articles\n---\n", "pages/a.md:3: /articles/ is an address of Syndicate's own; write another one, such as about-us"),
    ],
)  # fmt: skip
def test_a_mistake_is_refused_alone_with_line_and_remedy(pages, name, text, expected):
    write(pages, "zzz.md", ABOUT)
    write(pages, name, text)
    reading = pages.read()
    assert reading.refused == (expected,)
    assert [page.slug for page in reading.pages] == ["zzz"]


def test_of_two_pages_with_one_address_the_first_counts(pages):
    write(pages, "about.md", ABOUT)
    write(pages, "us.md", "---\ntitle: Us\nslug: about\n---\n")
    reading = pages.read()
    assert [page.title for page in reading.pages] == ["About us"]
    taken = "/about/ is the address of pages/about.md already; give one of them another slug"
    assert reading.refused == (f"pages/us.md:3: {taken}",)


def test_a_page_that_is_broken_now_stays_as_it_was(pages):
    write(pages, "about.md", ABOUT)
    write(pages, "imprint.md", ABOUT)
    before = pages.read().pages
    write(pages, "about.md", "broken")
    (pages.folder / "imprint.md").unlink()
    assert [page.slug for page in pages.read().with_earlier(before)] == ["about"]


def test_pictures_are_kept_and_a_missing_one_is_reported(pages):
    Image.new("RGB", (40, 30), "teal").save(pages.folder / "we.png")
    write(pages, "about.md", f"{ABOUT}\n![We](we.png)\n\n![They](they.png)\n")
    figure = next(figure for figure in only(pages).figures if figure.src)
    assert (pages.config.root / figure.src).is_file()
    assert pages.read().warnings == (
        "pages/about.md: a picture is missing: they.png: no such picture",
    )


def test_nothing_is_read_again_until_a_file_changes(pages):
    file = write(pages, "about.md", ABOUT)
    first = pages.read()
    assert pages.read() is first
    file.write_text(ABOUT.replace("About", "Of"))
    os.utime(file, ns=(1, 1))
    assert only(pages).title == "Of us"
