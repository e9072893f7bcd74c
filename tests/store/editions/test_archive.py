from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from syndicate.config import Criteria
from syndicate.config.segment_expression import parse
from syndicate.model.articles import Revision
from syndicate.model.editions import Draft, EditionKind, Item
from tests.sample_articles import add_article
from tests.sample_editions import content, freeze, subscribe

AT = datetime(2026, 11, 24, 8, tzinfo=UTC)


def file(store, slug):
    revision = Revision(title=slug, body="<p>Text.</p>")
    with store.write() as tx:
        return add_article(tx, revision, id=slug, slug=slug, path=None, source=slug, at=AT)


def keys(issues):
    return [issue.key for issue in issues]


def test_editions_are_counted_from_the_oldest(store):
    made = [
        freeze(store, subject=f"Day {day}", at=AT + timedelta(days=day)).key for day in range(5)
    ]
    freeze(store, newsletter="briefing", at=AT)
    with store.read() as tx:
        assert tx.archive.count("breaking") == 5
        assert keys(tx.archive.list_range("breaking", 0, 2)) == made[:2]
        assert keys(tx.archive.list_range("breaking", 3, 9)) == made[3:]
        assert keys(tx.archive.newest("breaking", 2)) == [made[4], made[3]]
        issue = tx.archive.find("breaking", made[1])
        assert (issue.subject, issue.created_at) == ("Day 1", AT + timedelta(days=1))
        assert issue.preheader == "The gates were opened early on Tuesday."
        assert tx.archive.adjacent("breaking", made[0]) == (None, made[1])
        assert tx.archive.adjacent("breaking", made[2]) == (made[1], made[3])


def test_an_edition_is_found_under_its_own_newsletter_alone(store):
    made = freeze(store, at=AT)
    with store.read() as tx:
        assert tx.archive.find("briefing", made.key) is None
        assert tx.archive.find("breaking", 4711) is None


def test_letters_are_not_in_it(store):
    anna = subscribe(store, at=AT)
    with store.write() as tx:
        letter = tx.editions.add_letter(content(), to=anna, created_at=AT, expires_at=AT)
    with store.read() as tx:
        assert tx.archive.count("letters") == 0
        assert tx.archive.find("letters", letter) is None


def test_what_went_to_a_part_of_the_readers_is_not_in_it(store):
    draft = Draft(
        newsletter="breaking",
        schedule=None,
        kind=EditionKind.ALERT,
        content=content(),
        items=(Item(article=1, revision=1),),
        upto=1,
        newest=1,
        created_at=AT,
        expires_at=AT,
    )
    germans = Criteria(
        name="germans", expression=parse('language = "de"'), language="en", zone=ZoneInfo("UTC")
    )
    with store.write() as tx:
        tx.editions.add(draft)
        tx.editions.add(replace(draft, segment=germans))
    with store.read() as tx:
        assert tx.archive.count("breaking") == 1


def test_what_carried_a_retracted_article_keeps_its_place_and_is_withdrawn(store):
    dam, tram = file(store, "dam"), file(store, "tram")
    first, second = (freeze(store, article=each.key, at=AT).key for each in (dam, tram))
    with store.write() as tx:
        assert not tx.archive.is_withdrawn(first)
        tx.articles.retract(dam, AT)
    with store.read() as tx:
        assert [
            (edition.key, edition.withdrawn) for edition in tx.archive.list_range("breaking", 0, 9)
        ] == [(first, True), (second, False)]
        assert keys(tx.archive.newest("breaking", 9)) == [second]
        assert tx.archive.adjacent("breaking", second) == (None, None)
        assert tx.archive.is_withdrawn(first)
