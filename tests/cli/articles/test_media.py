"""Files of `media/` that are missing or damaged, as the operator meets them."""

import json
import shutil
from email import message_from_bytes, policy
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

from syndicate.model.pictures import is_intact
from tests.cli.conftest import Operator

STORY = """\
---
title: The dam
section: City
---

It holds.

![A wall of stone](dam.jpg "Two men on the dam")

It will hold next year, too.
"""


@pytest.fixture(scope="module")
def shelf(initialised, tmp_path_factory):
    """A publication that took in a story with a picture, to be copied: it is the only one."""
    operator = Operator(shutil.copytree(initialised, tmp_path_factory.mktemp("shelf") / "post"))
    (operator.folder / "articles/welcome.md").unlink()
    picture = Image.effect_mandelbrot((900, 600), (-2, -1, 1, 1), 40).convert("RGB")
    picture.save(operator.folder / "articles/dam.jpg", quality=80)
    (operator.folder / "articles/dam.md").write_text(STORY)
    assert operator.run("import", "articles").code == 0
    return operator.folder


@pytest.fixture
def publisher(shelf, tmp_path):
    """A publisher of that story, before its first build."""
    return Operator(shutil.copytree(shelf, tmp_path / "post"))


def media(operator: Operator) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in (operator.folder / "media").iterdir()}


def published(operator: Operator) -> dict[str, bytes]:
    folder = operator.folder / "feeds/media"
    return {file.name: file.read_bytes() for file in folder.glob("*")}


def page(operator: Operator) -> str:
    return (operator.folder / "feeds/articles/dam/index.html").read_text()


def original(operator: Operator) -> Path:
    (file,) = (f for f in (operator.folder / "media").iterdir() if "-" not in f.name)
    return file


def away(operator: Operator) -> None:
    """Take `media/` away, as on a machine that shares only the database."""
    shutil.rmtree(operator.folder / "media")


def test_a_full_build_without_media_keeps_the_published_pictures(publisher):
    assert publisher.run("build").code == 0
    before = published(publisher)
    assert before == media(publisher)
    away(publisher)
    built = publisher.run("build", "--all", "--verbose")
    assert built.code == 0
    assert "deleted   " not in built.out
    assert published(publisher) == before
    assert '<img src="/media/' in page(publisher)
    warned = [line for line in built.out.splitlines() if line.startswith("warned")]
    assert len(warned) == 1
    assert "1 file is missing, loaded by 1 article" in warned[0]
    assert "The copies that are published stay." in warned[0]
    assert publisher.run("build", "--all").code == 0  # nor does the one after it
    assert published(publisher) == before


def test_check_reports_files_that_are_missing_or_damaged(publisher):
    publisher.run("build")
    assert "media" not in publisher.run("check").err
    original(publisher).write_bytes(original(publisher).read_bytes()[:-1] + b"?")
    damaged = publisher.run("check")
    assert "media: 1 file is damaged" in damaged.err
    assert "articles/dam.md" in damaged.err
    assert "syndicate import" in damaged.err
    away(publisher)
    assert "media: 1 file is missing" in publisher.run("check").err
    found = json.loads(publisher.run("check", "--json").out)["media"]
    assert {fault["damaged"] for fault in found} == {False}
    assert any(fault["src"].endswith("-400.webp") for fault in found)


@pytest.mark.parametrize("scribble", [b"", b"no picture", None])
def test_a_damaged_file_is_not_published_and_import_mends_it(publisher, scribble):
    whole, file = media(publisher), original(publisher)
    data = whole[file.name]
    file.write_bytes(data[:-8] + b"12345678" if scribble is None else scribble)
    built = publisher.run("build")
    assert built.code == 0
    assert "1 file is damaged" in built.out
    assert file.name not in published(publisher)
    assert "<img" not in page(publisher)
    assert '<p class="missing-picture">A wall of stone</p>' in page(publisher)
    assert "Two men on the dam" in page(publisher)
    assert publisher.run("build").out.count("warned") == 0  # it was reported
    assert publisher.run("import", "articles").code == 0
    assert media(publisher) == whole
    assert publisher.run("build").code == 0
    assert published(publisher) == whole
    assert '<img src="/media/' in page(publisher)


def test_a_picture_with_a_damaged_rendition_is_shown_without_it(publisher):
    whole = media(publisher)
    (small,) = (publisher.folder / "media").glob("*-400.jpg")
    small.write_bytes(small.read_bytes()[:500])
    assert publisher.run("build").code == 0
    assert "-400.jpg" not in page(publisher)
    assert '<img src="/media/' in page(publisher)
    assert small.name not in published(publisher)
    assert publisher.run("import", "articles").code == 0
    assert media(publisher) == whole
    assert publisher.run("build").code == 0
    assert small.name in page(publisher)


@pytest.mark.parametrize("content", [None, b"\xff\xd8spoilt"])
def test_a_build_makes_what_mail_loads_of_a_picture_that_was_imported_before(publisher, content):
    publisher.run("build")
    whole, shown = media(publisher), page(publisher)
    for folder in ("media", "feeds/media"):
        files = [
            *(publisher.folder / folder).glob("*-mail.jpg"),
            *(publisher.folder / folder).glob("*-thumb.jpg"),
        ]
        assert len(files) == 2
        for file in files:
            file.unlink() if content is None else file.write_bytes(content)
    built = publisher.run("build", "--all")
    assert "warned" not in built.out
    assert media(publisher) == published(publisher) == whole
    assert page(publisher) == shown


def test_without_media_figures_are_caption_and_text_everywhere(publisher):
    kept = publisher.folder / "media"
    kept.rename(publisher.folder / "elsewhere")
    assert publisher.subscribe("ann@example.org,Ann").code == 0
    built = publisher.run("build")
    assert built.out.count("warned") == 1
    assert "Their figures are published as caption and text." in built.out
    feeds = publisher.folder / "feeds"
    for name in ("articles/dam/index.html", "articles/dam/amp/index.html", "atom.xml", "rss.xml"):
        text = (feeds / name).read_text()
        assert "A wall of stone" in text, name
        assert "Two men on the dam" in text, name
    for file in feeds.rglob("*"):
        if file.suffix in {".html", ".xml", ".json"}:
            assert "media/" not in file.read_text(), file
    assert publisher.run("send", "breaking", "--article", "dam").code == 0
    mail = sent(publisher)
    assert "/media/" not in mail
    assert "A wall of stone" in mail
    assert "Two men on the dam" in mail
    (publisher.folder / "elsewhere").rename(kept)  # the other machine's files arrive
    again = publisher.run("build")
    assert again.out.count("warned") == 0
    assert '<img src="/media/' in page(publisher)
    assert "media/" in (feeds / "index.html").read_text()
    assert "media/" in (feeds / "atom.xml").read_text()


def sent(operator: Operator) -> str:
    (file,) = (operator.folder / "outbox").rglob("*.eml")
    message = message_from_bytes(file.read_bytes(), policy=policy.default)
    body = message.get_body(("html",))
    assert body is not None
    return str(body.get_content())


def test_files_are_whole_or_they_are_not():
    for kind in ("JPEG", "PNG", "WEBP", "AVIF"):
        file = BytesIO()
        Image.effect_noise((64, 48), 50).convert("RGB").save(file, kind)
        name = f"{'0' * 32}-400.{kind.lower()}"
        assert is_intact(name, file), kind
        for cut in (0, 1, 9, 20, file.getbuffer().nbytes - 1):
            assert not is_intact(name, BytesIO(file.getvalue()[:cut])), (kind, cut)
        assert not is_intact(f"{'0' * 32}.{kind.lower()}", file)
    assert is_intact("talk.mp3", BytesIO(b"somebody's own"))


def test_an_empty_store_does_not_delete_what_is_published(publisher):
    publisher.run("build")
    before = published(publisher)
    for file in publisher.folder.glob("syndicate.db*"):
        file.unlink()
    for words in (("build",), ("build", "--all"), ("tick",)):
        built = publisher.run(*words)
        assert built.code == 1, words
        assert "the store has no articles" in built.err
        assert "syndicate import" in built.err
    assert published(publisher) == before
    assert page(publisher)
    assert publisher.run("import", "articles").code == 0
    assert publisher.run("build").code == 0
    assert published(publisher) == before


def test_the_logo_of_a_sponsor_whose_file_is_gone_is_not_lost_at_the_next_import(publisher):
    story = publisher.folder / "articles/dam.md"
    paid = "section: City\nsponsor: {name: Orsk, logo: dam.jpg}"
    story.write_text(story.read_text().replace("section: City", paid))
    publisher.run("import", "articles")
    publisher.run("build")
    shown = page(publisher)
    assert "Paid for by" in shown
    assert "sponsor Orsk" in " ".join(publisher.run("show", "dam").out.split())
    (publisher.folder / "articles/dam.jpg").unlink()
    imported = publisher.run("import", "articles")
    assert "the sponsor's logo is missing: dam.jpg" in imported.out + imported.err
    publisher.run("build", "--all")
    assert page(publisher) == shown


@pytest.mark.parametrize("media_too", [False, True])
def test_a_picture_whose_file_is_gone_is_not_lost_at_the_next_import(publisher, media_too):
    story = publisher.folder / "articles/dam.md"
    story.write_text(story.read_text().replace("section: City", "section: City\nimage: dam.jpg"))
    publisher.run("import", "articles")
    publisher.run("build")
    before, shown = published(publisher), page(publisher)
    (publisher.folder / "articles/dam.jpg").unlink()
    if media_too:
        away(publisher)
    imported = publisher.run("import", "articles")
    assert imported.code == 0
    assert "dam.jpg: no such picture" in imported.out + imported.err
    assert "the earlier import is kept in place of the missing" in imported.out + imported.err
    assert publisher.run("build", "--all").code == 0
    assert published(publisher) == before
    assert page(publisher) == shown
    story.write_text(story.read_text().replace("It holds.", "It broke."))
    publisher.run("import", "articles")
    publisher.run("build")
    assert "It broke." in page(publisher)
    assert "A wall of stone" in page(publisher)
