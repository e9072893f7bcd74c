"""The files about authors: what they say, mistakes with line and remedy, read again on change."""

import os
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

from syndicate.config import Config
from syndicate.intake.authors.author_files import AuthorFiles
from syndicate.model import pictures
from syndicate.model.people import AuthorProfile, People
from tests.intake.article_folder import ArticleFolder

LIND = """---
name: Adaeze Lind
role: City editor
portrait: {src: lind.jpg, alt: A woman in a yellow coat}
mail: adaeze@post.example
networks: [https://social.example/@lind, "https://post.example/lind"]
---
Adaeze covers **the quay** and [the trams](/sections/city/).

She has a boat.
"""


@pytest.fixture
def authors(publication: Callable[..., Config]) -> AuthorFiles:
    files = AuthorFiles(config=publication())
    files.folder.mkdir()
    return files


def write(authors: AuthorFiles, name: str, text: str) -> Path:
    (authors.folder / name).write_text(text)
    return authors.folder / name


def draw(authors: AuthorFiles, name: str, size: tuple[int, int] = (600, 900)) -> None:
    data = BytesIO()
    Image.new("RGB", size, "#cc8844").save(data, "JPEG")
    (authors.folder / name).write_bytes(data.getvalue())


def only(authors: AuthorFiles) -> AuthorProfile:
    (profile,) = authors.read().people
    return profile


def test_a_file_says_who_somebody_is(authors):
    draw(authors, "lind.jpg")
    write(authors, "adaeze-lind.md", LIND)
    profile = only(authors)
    assert (profile.name, profile.role, profile.mail) == (
        "Adaeze Lind",
        "City editor",
        "adaeze@post.example",
    )
    assert profile.networks == ("https://social.example/@lind", "https://post.example/lind")
    assert profile.text.startswith("<p>Adaeze covers <strong>the quay</strong>")
    assert profile.summary == "Adaeze covers the quay and the trams. She has a boat."
    assert profile.portrait
    assert profile.portrait.alt == "A woman in a yellow coat"


def test_a_portrait_becomes_squares_no_larger_than_itself(authors):
    draw(authors, "lind.jpg", (600, 900))
    write(authors, "lind.md", "---\nname: A. Lind\nportrait: lind.jpg\n---\n")
    portrait = only(authors).portrait
    assert portrait
    squares = pictures.portraits(portrait)
    assert [square.width for square in squares] == [80, 192, 512]
    for square in squares:
        with Image.open(authors.config.root / square.src) as image:
            assert image.format == "JPEG"
            assert image.size == (square.width, square.width)
    assert [pictures.portrait(portrait, side).width for side in (40, 96, 512)] == [80, 192, 512]


def test_a_small_portrait_is_not_enlarged(authors):
    draw(authors, "lind.jpg", (100, 60))
    write(authors, "lind.md", "---\nname: A. Lind\nportrait: lind.jpg\n---\n")
    portrait = only(authors).portrait
    assert portrait
    assert [square.width for square in pictures.portraits(portrait)] == [60]
    assert pictures.portrait(portrait, 96).width == 60


def test_an_author_is_found_by_name_then_by_the_name_of_the_file(authors):
    write(authors, "bo.md", "---\nname: Bo Falk\n---\n")
    write(authors, "lind.md", "---\nname: Adaeze Lind\n---\n")
    write(authors, "cy.md", "---\nname: Bo\n---\n")
    people = authors.read().people
    found = {name: people.find(name) for name in ("ADAEZE  LIND", "Lind", "Bo", "Nobody", " ")}
    assert {name: profile and profile.file for name, profile in found.items()} == {
        "ADAEZE  LIND": "authors/lind.md",
        "Lind": "authors/lind.md",
        "Bo": "authors/cy.md",
        "Nobody": None,
        " ": None,
    }


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("Nothing", "authors/x.md:1: no front matter — expected a line of ---, and a name"),
        ("---\nrole: x\n---\n", "authors/x.md:1: no name — expected a line such as `name: Ada"),
        ("---\nname: A\nphoto: a.jpg\n---\n", "authors/x.md:3: photo is unknown; did you mean po"),
        ("---\nname: A\nformer: yes\n---\n", "authors/x.md:3: former is unknown; did you mean li"),
        ("---\nname: A\nlisted: maybe\n---\n", 'authors/x.md:3: listed = "maybe" — expected true'),
        ("---\nname: A\nrole: [a]\n---\n", "authors/x.md:3: role = a list — expected one text"),
        ("---\nname: A\nmail: nope\n---\n", 'authors/x.md:3: mail = "nope" — expected an address'),
        (
            "---\nname: A\nnetworks:\n  - https://a.example/\n  - '@ada'\n---\n",
            'authors/x.md:5: networks = "@ada" — expected an http or https address',
        ),
        (
            "---\nname: A\nportrait: https://a.example/a.jpg\n---\n",
            'authors/x.md:3: portrait = "https://a.example/a.jpg" — expected a picture file',
        ),
        ("---\nname: [\n---\n", "authors/x.md:3: broken YAML: "),
    ],
)
def test_a_mistake_is_refused_with_its_line_and_the_others_are_read(authors, text, reason):
    write(authors, "x.md", text)
    write(authors, "y.md", "---\nname: Bo Falk\n---\n")
    reading = authors.read()
    assert [profile.name for profile in reading.people] == ["Bo Falk"]
    (refused,) = reading.refused
    assert refused.startswith(reason)
    assert reading.refused_files == {"authors/x.md"}


def test_everybody_is_listed_unless_the_file_says_otherwise(authors):
    write(authors, "a.md", "---\nname: Ada Lind\nlisted: false\n---\n")
    write(authors, "b.md", "---\nname: Bo Falk\nlisted: true\n---\n")
    write(authors, "c.md", "---\nname: Cy Ray\n---\n")
    assert [profile.listed for profile in authors.read().people] == [False, True, True]


def test_the_second_file_about_an_author_is_refused(authors):
    write(authors, "a.md", "---\nname: Bo Falk\n---\n")
    write(authors, "b.md", "---\nrole: Poet\nname: Bo FALK\n---\n")
    reading = authors.read()
    assert [profile.file for profile in reading.people] == ["authors/a.md"]
    (refused,) = reading.refused
    about = "authors/b.md:3: name = Bo FALK — authors/a.md is about this author already"
    assert refused == f"{about}; remove one of them"


def test_what_cannot_be_shown_is_left_out_with_a_warning(authors):
    write(
        authors, "a.md", "---\nname: Bo\nportrait: none.jpg\n---\nHi.\n\n![Boat](b.jpg)\n\nBye.\n"
    )
    reading = authors.read()
    assert reading.warnings == (
        "authors/a.md:3: the portrait is missing: none.jpg: no such picture",
        "authors/a.md: pictures in the text are left out; its portrait is the picture",
    )
    (profile,) = reading.people
    assert profile.portrait is None
    assert profile.text.split() == ["<p>Hi.</p>", "<p>Bye.</p>"]


def test_scripts_in_the_text_do_not_survive(authors):
    write(authors, "a.md", "---\nname: Bo\n---\nHi <script>alert(1)</script><b onclick=x>you</b>\n")
    assert only(authors).text == "<p>Hi <b>you</b></p>"


def test_a_file_is_read_again_only_when_it_or_its_portrait_changes(authors):
    draw(authors, "bo.jpg")
    file = write(authors, "a.md", "---\nname: Bo\nportrait: bo.jpg\n---\n")
    first, stamp = only(authors), authors.stamp()
    assert only(authors) is first
    draw(authors, "bo.jpg", (300, 300))
    second = only(authors)
    assert second.portrait != first.portrait
    assert authors.stamp() != stamp
    file.write_text("---\nname: Bo\nrole: Poet\n---\n")
    os.utime(file, ns=(1, 1))
    assert only(authors).role == "Poet"


def test_pipes_are_skipped_and_links_in_a_circle_are_followed_once(authors):
    write(authors, "lind.md", "---\nname: Ada Lind\n---\n")
    os.mkfifo(authors.folder / "pipe.md")
    for name in ("a", "b"):
        (authors.folder / name).symlink_to(authors.folder)
    assert [profile.name for profile in authors.read().people.profiles] == ["Ada Lind"]


def test_a_publication_without_the_folder_knows_nobody(articles: ArticleFolder):
    assert AuthorFiles(config=articles.config).read().people == People()
