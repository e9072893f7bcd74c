"""The demonstration publication, which is the repository itself: what a newcomer meets first."""

import csv
import importlib.util
import re
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml
from email_validator import validate_email
from PIL import Image, ImageChops, ImageStat

from syndicate.config.loading.load import load
from syndicate.intake.authors.author_files import AuthorFiles
from tests import ROOT

ARTICLES = sorted([*ROOT.glob("articles/*.md"), *ROOT.glob("articles/*.html")])
NOTES = [path for path in ARTICLES if "\nimage:" not in path.read_text(encoding="utf-8")]
"""Short stories without a picture, such as a day has more of."""
PICTURES = sorted(ROOT.glob("articles/pictures/*.jpg"))
KEYS = {"title", "section", "tags", "authors", "summary", "image", "comments"}
MARKUP_PICTURE = re.compile(r'<img src="([^"]+)" alt="[^"]+"|!\[[^\]]+\]\((\S+) "[^"]+"\)')
NAMES_A_DAY = re.compile(
    r"\b(Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day\b|\b20\d\d\b|"
    r"\b(January|February|March|April|June|July|August|September|October|November|December)\b"
)


@pytest.fixture(params=[path for path in ARTICLES if path not in NOTES], ids=lambda path: path.stem)
def article(request: pytest.FixtureRequest) -> Path:
    path: Path = request.param
    return path


@pytest.fixture(params=NOTES, ids=lambda path: path.stem)
def note(request: pytest.FixtureRequest) -> Path:
    path: Path = request.param
    return path


def parts(path: Path) -> tuple[dict[str, Any], str]:
    _, front, body = path.read_text(encoding="utf-8").split("---\n", 2)
    return yaml.safe_load(front), body


def test_every_article_says_who_wrote_it_and_shows_a_described_picture(article):
    front, _ = parts(article)
    assert set(front) >= KEYS
    assert set(front["image"]) == {"src", "alt", "caption", "credit"}
    assert all(front["image"].values())


def test_every_article_is_of_a_length_that_people_read(article):
    _, body = parts(article)
    assert 250 <= len(body.split()) <= 700


def test_a_note_says_who_wrote_it_and_is_short(note):
    front, body = parts(note)
    assert set(front) >= KEYS - {"image", "comments"}
    assert 100 <= len(body.split()) < 250


def test_every_picture_of_an_article_is_there(article):
    front, body = parts(article)
    named = [front["image"]["src"], *("".join(pair) for pair in MARKUP_PICTURE.findall(body))]
    assert body.count("<img") + body.count("![") == len(named) - 1
    assert [src for src in named if not (article.parent / src).is_file()] == []


def test_every_picture_is_in_an_article_and_of_one_size():
    told = "\n".join(path.read_text(encoding="utf-8") for path in ARTICLES)
    assert len(PICTURES) >= 8
    for path in PICTURES:
        assert f"pictures/{path.name}" in told
        assert path.stat().st_size < 230_000
        with Image.open(path) as picture:
            assert picture.size == (1600, 900)


def test_dated_articles_lie_in_the_past_and_breaking_ones_have_no_date():
    fronts = [parts(path)[0] for path in ARTICLES]
    breaking = [front for front in fronts if front.get("breaking")]
    dates = [front["date"] for front in fronts if not front.get("breaking")]
    assert len(breaking) == 2
    assert not [front for front in breaking if "date" in front]
    assert len(dates) >= 6
    assert all(at.tzinfo and at < datetime(2026, 11, 24, tzinfo=UTC) for at in dates)


def test_a_breaking_article_reads_right_on_any_day_of_any_year():
    for path in ARTICLES:
        front, body = parts(path)
        if front.get("breaking"):
            told = "\n".join([front["title"], front["summary"], front["image"]["caption"], body])
            assert NAMES_A_DAY.findall(told) == []
            assert re.match(r"\d{4}-", path.name) is None


def test_the_demonstration_shows_every_kind_of_thing_an_article_can_hold():
    suffixes = {path.suffix for path in ARTICLES}
    told = "\n".join(parts(path)[1] for path in ARTICLES)
    assert suffixes == {".md", ".html"}
    for thing in ("<figure>", "|---|", "\n> ", "\n- ", "\n1. ", "[^1]", "\n## ", 'dir="rtl"', "🌊",
        "\n> [!", "\n: ", ")\n![",
    ):  # fmt: skip
        assert thing in told
    assert len({parts(path)[0]["section"] for path in ARTICLES}) >= 6
    assert [path for path in ARTICLES if parts(path)[0].get("corrections")]


def test_the_configuration_has_a_mistake_nowhere_and_mails_nobody_for_real():
    config = load(ROOT / "config.toml")
    assert config.mail.transport == "outbox"
    assert [item.name for item in config.schedules] == ["breaking", "briefing", "low-tide", "quay"]
    assert {item.style for item in config.newsletters} == {"digest", "brief", "letter"}


def test_the_demonstration_subscribers_could_be_nobody():
    with (ROOT / "demo-subscribers.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) >= 3
    assert any(not row["name"].isascii() for row in rows)
    for row in rows:
        address = validate_email(row["email"], check_deliverability=False)
        assert address.domain in {"example.org", "example.net", "example.com"}


@pytest.fixture
def script(monkeypatch) -> Callable[[str], Any]:
    """The scripts that draw, by their names."""
    monkeypatch.syspath_prepend(str(ROOT / "docs" / "illustrations"))
    monkeypatch.setattr(sys, "dont_write_bytecode", True)

    def loaded(name: str) -> Any:
        found = importlib.util.find_spec(name)
        assert found is not None
        assert found.loader is not None
        module = importlib.util.module_from_spec(found)
        found.loader.exec_module(module)
        return module

    return loaded


def test_the_script_draws_the_logo_that_is_committed_as_wide_as_rss_lets_it(script):
    with Image.open(ROOT / "logo.png") as committed:
        assert committed.width <= 144
        assert ImageChops.difference(script("logo").drawn(), committed).getbbox() is None


def test_the_script_draws_the_pictures_that_are_committed(script, monkeypatch, tmp_path):
    draw = script("draw")
    assert {f"{name}.jpg" for name in draw.SCENES} == {path.name for path in PICTURES}
    portraits = {path.stem for path in ROOT.glob("authors/*.jpg")}
    assert set(draw.portraits.PEOPLE) == portraits == {p.stem for p in ROOT.glob("authors/*.md")}
    monkeypatch.setattr(draw, "PICTURES", tmp_path)
    draw.main(["observatory"])
    with (
        Image.open(tmp_path / "observatory.jpg") as drawn,
        Image.open(ROOT / "articles" / "pictures" / "observatory.jpg") as committed,
    ):
        difference = ImageStat.Stat(ImageChops.difference(drawn, committed)).mean
    assert max(difference) < 2


def test_everybody_on_the_staff_has_a_file_that_says_who_it_is():
    reading = AuthorFiles(config=load(ROOT / "config.toml"), save_media=False).read()
    assert (reading.refused, reading.warnings) == ((), ())
    authors = [author for path in ARTICLES for author in parts(path)[0]["authors"]]
    named = {author if isinstance(author, str) else author["name"] for author in authors}
    guests = {name for name in named if reading.people.find(name) is None}
    assert guests == {"Ottilie Renn"}
    for profile in reading.people:
        assert all(
            (profile.portrait, profile.role, profile.mail, profile.networks, profile.summary)
        )
