"""Texts in every language: none missing, none stale, none broken."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, fields, is_dataclass
from io import BytesIO
from pathlib import Path

import pytest
from babel.messages import Catalog, Message
from babel.messages.mofile import read_mo, write_mo

import syndicate.render.mail.ui_strings as mail
import syndicate.render.ui_strings as pages
import syndicate.web.ui_strings as web
from syndicate import language
from syndicate.language import PluralText, msgid, translate
from tools import words as tool

SOURCES = tool.sources()
TABLES = (pages.ENGLISH, mail.ENGLISH, web.ENGLISH)
_Forms = str | tuple[str, ...]
each_catalogue = pytest.mark.parametrize("source", SOURCES, ids=lambda path: path.parts[-3])


def key(message: Message) -> tuple[str | None, tuple[str, ...]]:
    text = message.id
    return message.context, (text,) if isinstance(text, str) else tuple(text)


def forms_by_key(catalogue: Catalog) -> dict[object, tuple[str, ...]]:
    return {key(message): tool.forms(message) for message in tool.texts(catalogue)}


def places(text: str) -> set[str]:
    return set(re.findall(r"\{.*?\}", text))


def text_keys(value: object) -> Iterator[tuple[str | None, tuple[str, ...]]]:
    """Yield the keys of every text in a table as it is written."""
    if isinstance(value, str):
        context, _, text = value.rpartition("\4")
        yield context or None, (text,)
    elif isinstance(value, PluralText):
        yield None, (value.singular, value.plural)
    elif isinstance(value, dict):
        for text in value.values():
            yield from text_keys(text)
    elif is_dataclass(value):
        for field in fields(value):
            if field.name != "language":
                yield from text_keys(getattr(value, field.name))


def test_german_is_translated():
    assert [source.parts[-3] for source in SOURCES] == ["de"]


@each_catalogue
def test_a_catalogue_has_the_texts_of_the_code_and_no_others(source):
    assert set(forms_by_key(tool.read(source))) == set(forms_by_key(tool.extracted())), (
        "run make words"
    )


@each_catalogue
def test_every_text_is_translated(source):
    undone = [m.id for m in tool.texts(tool.read(source)) if not tool.is_done(m)]
    assert not undone, f"translate them in {source}, then make words"


@each_catalogue
def test_what_is_filled_in_is_the_same_in_every_language(source):
    for message in tool.texts(tool.read(source)):
        _, (*_, many) = key(message)
        *fewer, most = tool.forms(message)
        assert places(most) == places(many), message.id
        for form in fewer:
            assert places(form) | {"{count}"} == places(many) | {"{count}"}, message.id


@each_catalogue
def test_the_compiled_catalogue_says_what_its_source_says(source):
    made = BytesIO()
    write_mo(made, tool.read(source))
    made.seek(0)
    with source.with_suffix(".mo").open("rb") as file:
        assert forms_by_key(read_mo(file)) == forms_by_key(read_mo(made)), "run make words"


@pytest.mark.parametrize("table", TABLES, ids=lambda table: type(table).__module__)
def test_every_text_of_a_table_is_marked(table):
    assert set(text_keys(table)) <= set(forms_by_key(tool.extracted()))


@pytest.mark.parametrize(
    ("tag", "best"),
    [("de", "de"), ("de-AT", "de"), ("DE", "de"), ("en-GB", "en"), ("fr", "en"), ("", "en")],
)
def test_a_tag_finds_its_language_or_english(tag, best):
    for words in (pages.page_strings(tag), mail.mail_strings(tag), web.web_strings(tag)):
        assert words.language == best
    assert (
        web.web_strings(tag).undo_button
        == {"de": "Wieder abonnieren", "en": "Subscribe again"}[best]
    )


def test_a_table_is_translated_once():
    assert pages.page_strings("de") is pages.page_strings("de-AT")
    assert pages.page_strings("en") is pages.page_strings("fr")


def test_the_context_of_a_text_is_not_shown():
    assert pages.page_strings("en").kinds["author"] == "Author"
    assert pages.page_strings("de").kinds["author"] == "Beiträge von"


@pytest.mark.parametrize(
    ("tag", "counts"),
    [
        ("en", ["No comments", "1 comment", "2 comments"]),
        ("de", ["Keine Kommentare", "1 Kommentar", "2 Kommentare"]),
    ],
)
def test_comments_are_counted(tag, counts):
    assert [pages.page_strings(tag).count_comments(count) for count in range(3)] == counts


def test_one_story_that_is_not_named_is_one_other():
    others = mail.mail_strings("en").others
    assert others.format(count=1, publication="the Post") == "1 other at the Post"
    assert others.format(count=2, publication="the Post") == "2 others at the Post"


def test_a_table_holds_texts_and_nothing_else():
    @dataclass(frozen=True, eq=False)
    class Table:
        language: str
        number: int

    with pytest.raises(TypeError, match="7"):
        translate(Table("en", 7), "en")


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Return a folder for a test's catalogues."""

    def clear_caches() -> None:
        language._catalogues.cache_clear()
        language._find_catalogue.cache_clear()

    monkeypatch.setattr(language, "FOLDER", tmp_path)
    clear_caches()
    yield tmp_path
    clear_caches()


def put(folder: Path, name: str, *texts: tuple[_Forms, _Forms]) -> None:
    catalogue = Catalog(name, fuzzy=False)
    for text, translation in texts:
        catalogue.add(text, translation)
    file = folder / name / "LC_MESSAGES" / "syndicate.mo"
    file.parent.mkdir(parents=True)
    with file.open("wb") as compiled:
        write_mo(compiled, catalogue)


def test_another_language_is_a_catalogue_with_plurals_of_its_own(folder):
    forms = ("{count} komentarz", "{count} komentarze", "{count} komentarzy")
    put(folder, "pl", (("1 comment", "{count} comments"), forms), ("Tags", "Tagi"))
    words = pages.page_strings("pl-PL")
    assert [words.count_comments(n) for n in (1, 2, 5)] == [
        "1 komentarz",
        "2 komentarze",
        "5 komentarzy",
    ]
    assert (words.language, words.tags, words.pages) == ("pl", "Tagi", "Pages")
    assert words.all_of(["Ada", "Bo"]) == "Ada i Bo"


def test_a_catalogue_of_a_region_is_for_that_region(folder):
    put(folder, "pt_BR", ("Tags", "Etiquetas"))
    put(folder, "zh_Hant", ("Tags", "標籤"))
    assert pages.page_strings("pt-BR").tags == "Etiquetas"
    assert pages.page_strings("pt-PT").tags == "Tags"
    assert pages.page_strings("zh-Hant-TW").tags == "標籤"
    assert pages.page_strings("pt-BR").language == "pt-BR"
    assert pages.page_strings("pt-BR").all_of(["Ada", "Bo"]) == "Ada e Bo"


def test_new_texts_come_in_and_old_ones_go(folder, monkeypatch):
    monkeypatch.setattr(tool, "extracted", extracted_of("Home page", "Feeds of ours", "Tuesday"))
    before = Catalog("de")
    for text, translation in [
        ("Home page", "Startseite"),
        ("Feeds of mine", "Feeds"),
        ("Gone", "Weg"),
    ]:
        before.add(text, translation)
    after = {m.id: m for m in tool.texts(tool.updated(before))}
    assert {text: tool.is_done(message) for text, message in after.items()} == {
        "Home page": True,
        "Feeds of ours": False,
        "Tuesday": False,
    }
    assert after["Feeds of ours"].string == "Feeds"


def extracted_of(*texts: str):
    catalogue = Catalog()
    for text in texts:
        catalogue.add(msgid(text))
    return lambda: catalogue


def test_a_begun_language_is_all_to_translate(tmp_path, monkeypatch):
    monkeypatch.setattr(tool, "FOLDER", tmp_path)
    tool.begin("pt-BR")
    [source] = tool.sources()
    assert source.parts[-3] == "pt_BR"
    assert "FULL NAME" not in source.read_text()
    assert tool.read(source).num_plurals == 2
