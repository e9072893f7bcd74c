"""Sentences of pages and mail in the language of the publication, and of an article."""

from dataclasses import replace
from datetime import timedelta

import pytest

from syndicate.config import Newsletter
from syndicate.model.articles import Comments, Person
from syndicate.model.editions import EditionKind
from syndicate.render.feeds.entries import build_tombstone, build_withdrawn_entry
from syndicate.render.mail.edition_content import compose_edition
from syndicate.render.mail.letter import Letter, compose_letter
from syndicate.render.pages import ArticlePages, ListPages, PageFrame
from syndicate.render.templates import Templates
from syndicate.render.topics import ListPage, Topic, TopicKind
from tests.render.feeds.samples import NOON, an_article
from tests.render.feeds.written_feeds import CONFIG

GERMAN = CONFIG.override(publication=CONFIG.publication.model_copy(update={"language": "de"}))
STORY = an_article(
    title="Die Bahn fährt",
    breaking=True,
    authors=(Person(name="Ada"), Person(name="Bo")),
    contributors=(Person(name="Cy", place="Rom"),),
    comments=Comments(count=2),
    revision=2,
    saved_at=NOON + timedelta(days=1),
    body="<table><tr><td>1</td></tr></table>",
)
ABOUT_THE_STORY = (
    "Eilmeldung", "Von <a ", "Aktualisiert", "2 Kommentare", "Cy aus Rom",
)  # fmt: skip


def test_a_page_speaks_the_language_of_the_publication():
    page = ArticlePages(PageFrame(GERMAN, Templates())).article(STORY).decode()
    for text in ("Zum Inhalt springen", 'aria-label="Tabelle"', *ABOUT_THE_STORY):
        assert text in page
    amp = ArticlePages(PageFrame(GERMAN, Templates())).amp(STORY).decode()
    for text in ("Zum Inhalt springen", "Diesen Artikel auf unserer Seite lesen", *ABOUT_THE_STORY):
        assert text in amp


def test_an_article_speaks_its_own_language_on_the_page_of_another():
    page = ArticlePages(PageFrame(CONFIG, Templates())).article(replace(STORY, language="de"))
    for text in ("Skip to the content", *ABOUT_THE_STORY):
        assert text in page.decode()
    gone = ArticlePages(PageFrame(CONFIG, Templates())).withdrawn(
        replace(STORY, language="de", retracted_at=NOON)
    )
    for text in ("Dieser Artikel wurde zurückgezogen", 'lang="de"', "Home page"):
        assert text in gone.decode()


@pytest.mark.parametrize(
    ("kind", "heading"), [("tag", "Schlagwort"), ("author", "Beiträge von"), ("feed", "Feed")]
)
def test_a_list_names_its_kind(kind, heading):
    topic = Topic(kind=TopicKind(kind), name="Hafen", home="/x/")
    second = ListPage(topic=topic, address="/x/", number=2)
    page = ListPages(PageFrame(GERMAN, Templates())).listing(second, [])
    assert f'<p class="kind">{heading}</p>' in page.decode()
    assert "Hafen – Seite 2 – " in page.decode()


def test_a_retracted_article_is_withdrawn_in_german():
    entry = build_withdrawn_entry(GERMAN, STORY)
    assert entry.title == "[zurückgezogen] Die Bahn fährt"
    assert entry.summary == "Dieser Artikel wurde zurückgezogen."
    assert build_tombstone(GERMAN, STORY).comment == "Dieser Artikel wurde zurückgezogen"


def test_mail_speaks_the_language_of_its_newsletter():
    def edition(kind, *articles):
        return compose_edition(
            kind=kind, articles=articles, more=(), config=CONFIG, templates=Templates(),
            newsletter=Newsletter(name="post", language="de", subject="{breaking}{lead}"),
            edition_date=NOON.astimezone(CONFIG.publication.timezone),
        )  # fmt: skip

    alert = edition(EditionKind.ALERT, replace(STORY, language="de"))
    assert alert.subject == "Eilmeldung: Die Bahn fährt"
    for text in ("Im Web lesen", "Abbestellen", *ABOUT_THE_STORY):
        assert text in alert.html
    german = replace(STORY, language="de")
    assert "Weiterlesen" in edition(EditionKind.DIGEST, german, STORY).html
    assert "Read on" in edition(EditionKind.DIGEST, STORY, german).html, "its own language"


@pytest.mark.parametrize("letter", Letter)
def test_letters_are_translated_and_lead_to_the_right_place(letter):
    content = compose_letter(letter, language="de", config=GERMAN, templates=Templates())
    english = compose_letter(letter, language="en", config=GERMAN, templates=Templates())
    assert content.subject != english.subject
    assert content.preheader != english.preheader
    where = "PREFERENCES" if letter is Letter.WELCOME else "CONFIRM"
    assert f"{content.nonce}{where}END" in content.text
