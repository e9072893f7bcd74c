"""Texts in every language: none missing, none stale, none broken."""

import re
from io import BytesIO
from pathlib import Path

import pytest
from babel.messages import Catalog, Message
from babel.messages.frontend import CommandLineInterface
from babel.messages.mofile import read_mo, write_mo
from babel.messages.pofile import read_po

from syndicate import language
from syndicate.language import translator
from syndicate.render.templates import Templates

LANGUAGES = ["ar", "de", "es", "fr", "it", "ja", "nl", "pl", "pt", "tr"]
SOURCES = [language.FOLDER / tag / "LC_MESSAGES" / "syndicate.po" for tag in LANGUAGES]
ROOT = Path(__file__).parent.parent
each_catalogue = pytest.mark.parametrize("source", SOURCES, ids=lambda path: path.parts[-3])


def read(source: Path) -> Catalog:
    with source.open("rb") as file:
        return read_po(file, locale=source.parts[-3])


def messages(catalogue: Catalog) -> list[Message]:
    return [message for message in catalogue if message.id]


def forms(text: str | list[str] | tuple[str, ...] | None) -> tuple[str, ...]:
    return (text,) if isinstance(text, str) else tuple(text or ())


def forms_by_key(catalogue: Catalog) -> dict[object, tuple[str, ...]]:
    return {
        (message.context, forms(message.id)): forms(message.string)
        for message in messages(catalogue)
    }


def places(text: str) -> set[str]:
    return set(re.findall(r"%\(.*?\)s|%%|[<>&\"]", text))


@pytest.fixture(scope="module")
def extracted(tmp_path_factory):
    """Return the texts of the code, as the Makefile has them extracted."""
    found = tmp_path_factory.mktemp("texts") / "syndicate.pot"
    folders = [str(ROOT / name) for name in ("syndicate", "templates")]
    options = [f"--output-file={found}", f"--mapping-file={ROOT / 'pyproject.toml'}"]
    CommandLineInterface().run(["pybabel", "-q", "extract", *folders, *options])
    with found.open("rb") as file:
        return read_po(file)


@each_catalogue
def test_a_catalogue_has_the_texts_of_the_code_and_no_others(source, extracted):
    assert set(forms_by_key(read(source))) == set(forms_by_key(extracted)), "run make words"


@each_catalogue
def test_every_text_is_translated(source):
    undone = [
        message.id
        for message in messages(read(source))
        if message.fuzzy or not message.string or not all(forms(message.string))
    ]
    assert not undone, f"translate them in {source}, then make words"


@each_catalogue
def test_what_is_filled_in_is_the_same_in_every_language(source):
    for message in messages(read(source)):
        most = places(forms(message.id)[-1])
        *fewer, last = forms(message.string)
        # Babel holds the only form of a language without plurals to the places of the singular.
        least = most if fewer else places(forms(message.id)[0])
        assert least <= places(last) <= most, message.id
        for form in fewer:
            assert places(form) | {"%(num)s"} == most | {"%(num)s"}, message.id


@pytest.mark.parametrize(
    "source",
    sorted(language.FOLDER.glob("*/LC_MESSAGES/syndicate.po")),
    ids=lambda path: path.parts[-3],
)
def test_apostrophes_are_curly(source):
    texts = [
        text
        for message in messages(read(source))
        for text in (*forms(message.id), *forms(message.string))
    ]
    assert not [text for text in texts if re.search(r"[^\W\d]'", text)]


@each_catalogue
def test_the_compiled_catalogue_says_what_its_source_says(source):
    made = BytesIO()
    write_mo(made, read(source))
    made.seek(0)
    with source.with_suffix(".mo").open("rb") as file:
        assert forms_by_key(read_mo(file)) == forms_by_key(read_mo(made)), "run make words"


@pytest.mark.parametrize(
    ("tag", "best"),
    [("de", "de"), ("de-AT", "de"), ("DE", "de"), ("en-GB", "en"), ("sv", "en"), ("", "en")],
)
def test_a_tag_finds_its_language_or_english(tag, best):
    found = translator(tag)
    assert found.language == best
    again = {"de": "Wieder abonnieren", "en": "Subscribe again"}[best]
    assert found.gettext("Subscribe again") == again
    assert found is translator(best)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Return a folder for a test's catalogues."""

    def clear_caches() -> None:
        for cached in (language.translator, language.available_languages, language._load):
            cached.cache_clear()

    monkeypatch.setattr(language, "FOLDER", tmp_path)
    clear_caches()
    yield tmp_path
    clear_caches()


def put(folder: Path, name: str, *texts: tuple[str | tuple[str, ...], ...], context=None) -> None:
    catalogue = Catalog(name, fuzzy=False)
    for text, translation in texts:
        catalogue.add(text, translation, context=context)
    file = folder / name / "LC_MESSAGES" / "syndicate.mo"
    file.parent.mkdir(parents=True)
    with file.open("wb") as compiled:
        write_mo(compiled, catalogue)


def test_another_language_is_a_catalogue_with_plurals_of_its_own(folder):
    polish = ("%(num)s komentarz", "%(num)s komentarze", "%(num)s komentarzy")
    put(folder, "pl", (("1 comment", "%(num)s comments"), polish), ("Tags", "Tagi"))
    found = translator("pl-PL")
    assert [found.ngettext("1 comment", "%(num)s comments", n) for n in (1, 2, 5)] == [
        "1 komentarz",
        "2 komentarze",
        "5 komentarzy",
    ]
    assert (found.language, found.gettext("Tags"), found.gettext("Pages")) == (
        "pl",
        "Tagi",
        "Pages",
    )
    assert language.available_languages() == ["en", "pl"]


def test_a_catalogue_of_a_region_is_for_that_region(folder):
    put(folder, "pt_BR", ("Tags", "Etiquetas"))
    put(folder, "zh_Hant", ("Tags", "標籤"))
    tags = ("pt-BR", "pt-PT", "zh-Hant-TW")
    assert [translator(tag).gettext("Tags") for tag in tags] == ["Etiquetas", "Tags", "標籤"]
    assert translator("pt-BR").language == "pt-BR"


def test_an_english_text_has_another_translation_in_another_context(folder):
    put(folder, "de", ("Author", "Beiträge von"), context="over a name")
    german = translator("de")
    assert german.pgettext("over a name", "Author") == "Beiträge von"
    assert german.gettext("Author") == german.pgettext("of a book", "Author") == "Author"


TEMPLATE = """\
{{ gettext("Feeds") }} {{ gettext("By %(names)s", names=name) }} {{ gettext("100 %%") }}
{{ ngettext("1 comment", "%(num)s comments", 1) }} {{ ngettext("1 comment", "%(num)s comments", 2) }}
{{ pgettext("over a name", "Author") }} {{ 'a' if gettext is defined }}
{% trans names=name -%}
  By
  {{ names }}
{%- endtrans %}.
{% set gettext = english %}
{{ gettext("Feeds") }} {% trans %}Tags{% endtrans %}.
"""
RENDERED = """\
Feeds Von {0} 100 %
1 Kommentar 2 Kommentare
Beiträge von a
Von {0}.
Feeds Tags.
"""


@pytest.mark.parametrize(("suffix", "name"), [("html", "Ada &amp; Bo"), ("txt", "Ada & Bo")])
def test_a_template_translates_and_escapes(tmp_path, suffix, name):
    (tmp_path / f"page.{suffix}").write_text(TEMPLATE)
    values = {"name": "Ada & Bo", "english": translator("en").for_templates["gettext"]}
    values |= translator("de").for_templates
    rendered = Templates(tmp_path).render(f"page.{suffix}", values)
    assert rendered == RENDERED.format(name)
