"""What search engines are owed, as the store keeps it, on both databases."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from syndicate.model.articles import Revision

AT = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
UNTIL = AT + timedelta(minutes=10)
ENGINE = "https://api.indexnow.org/indexnow"
ROOT = "https://news.example/"


@pytest.fixture
def owing(store):
    """A store in which an engine is owed a page, and one that is gone."""
    with store.write() as tx:
        tx.submissions.enqueue(ENGINE, {f"{ROOT}page/": False, f"{ROOT}gone/": True}, AT)
    return store


def claim(store, at=AT, *, until=UNTIL, limit=10):
    with store.write() as tx:
        return tx.submissions.claim(ENGINE, at, until=until, limit=limit)


def names(claimed):
    return [submission.address.removeprefix(ROOT).rstrip("/") for submission in claimed]


def test_changes_are_listed_in_steps_and_none_is_missed(store):
    with store.write() as tx:
        for number in range(5):
            tx.articles.add(
                Revision(title="x", body="<p>x</p>"),
                id=f"{number}", slug=f"{number}", path=None, source="", at=AT,
            )  # fmt: skip
        newest = tx.published.newest_change()
        after, found = 0, []
        while some := tx.submissions.changed(after, newest - 1, limit=2):
            found += [key for key, _ in some]
            after = some[-1][1]
        assert found == tx.published.keys()[:4]
        assert tx.submissions.newly_public(AT - timedelta(1), AT) == tx.published.keys()
        assert tx.submissions.newly_public(AT, AT + timedelta(1)) == []


def test_up_to_where_an_engine_was_told_only_one_moves(store):
    with store.write() as tx:
        assert tx.submissions.position(ENGINE) is None
        tx.submissions.start(ENGINE, 3, AT)
        tx.submissions.start(ENGINE, 9, AT)
        assert tx.submissions.position(ENGINE) == (3, AT)
        assert tx.submissions.advance(ENGINE, (3, AT), 5, UNTIL)
        assert not tx.submissions.advance(ENGINE, (3, AT), 5, UNTIL)
        assert tx.submissions.position(ENGINE) == (5, UNTIL)


def test_a_page_can_be_told_again_and_what_is_gone_is_told_once(owing):
    claimed = claim(owing)
    assert names(claimed) == ["gone", "page"]
    with owing.write() as tx:
        tx.submissions.mark_submitted(claimed, until=UNTIL)
        assert tx.submissions.pending() == []
        tx.submissions.enqueue(ENGINE, {f"{ROOT}page/": False, f"{ROOT}gone/": True}, AT)
    assert names(claim(owing)) == ["page"]
    with owing.write() as tx:
        tx.submissions.enqueue(ENGINE, {f"{ROOT}gone/": False}, AT)
    assert names(claim(owing)) == ["gone"], "it is back"


def test_two_never_claim_the_same(owing):
    with owing.write() as tx:
        tx.submissions.enqueue(ENGINE, {f"{ROOT}{number}/": False for number in range(100)}, AT)
    with ThreadPoolExecutor(4) as pool:
        claimed = [
            name for some in pool.map(lambda _: names(claim(owing)), range(20)) for name in some
        ]
    assert len(claimed) == len(set(claimed)) == 102


def test_a_page_that_changes_meanwhile_stays_due(owing):
    claimed = claim(owing)
    later = AT + timedelta(minutes=1)
    with owing.write() as tx:
        tx.submissions.enqueue(ENGINE, {f"{ROOT}page/": False}, later)
        tx.submissions.mark_submitted(claimed, until=UNTIL)
    assert names(claim(owing, later)) == ["page"]


def test_what_was_refused_waits_until_something_is_mended(owing):
    claimed = claim(owing)
    with owing.write() as tx:
        refused = [
            replace(submission, due_at=None, attempts=1, error="403") for submission in claimed
        ]
        tx.submissions.settle(refused, until=UNTIL)
        assert tx.submissions.is_refused(ENGINE, "403")
        assert not tx.submissions.is_refused(ENGINE, "422")
    far = AT + timedelta(days=99)
    assert claim(owing, far) == []
    with owing.write() as tx:
        tx.submissions.retry_refused(ENGINE, AT, still_failing=["403"])
    assert claim(owing, far) == []
    with owing.write() as tx:
        (left,) = tx.submissions.pending()
        assert (left.pages, left.due_at, left.error) == (2, None, "403")
        tx.submissions.retry_refused(ENGINE, AT)
    assert names(claim(owing)) == ["gone", "page"]


def test_other_engines_and_addresses_of_elsewhere_are_forgotten(owing):
    with owing.write() as tx:
        tx.submissions.start("other", 3, AT)
        tx.submissions.enqueue("other", {f"{ROOT}page/": False}, AT)
        tx.submissions.delete_other_engines(ENGINE)
        assert tx.submissions.position("other") is None
        assert {pages.engine for pages in tx.submissions.pending()} == {ENGINE}
        tx.submissions.enqueue(ENGINE, {"https://elsewhere.example/page/": False}, AT)
        tx.submissions.delete_outside(ENGINE, "https://elsewhere.example/")
        (left,) = tx.submissions.pending()
        assert left.pages == 1


def test_who_is_in_a_hurry_waits_for_nothing(owing):
    first, second = claim(owing)
    later = AT + timedelta(hours=6)
    with owing.write() as tx:
        tx.submissions.settle([replace(first, due_at=None, error="403")], until=UNTIL)
        tx.submissions.settle([replace(second, due_at=later, error="503")], until=UNTIL)
        tx.submissions.retry_now(AT)
    assert names(claim(owing)) == ["gone", "page"]


def test_who_is_in_a_hurry_takes_nothing_away_from_who_is_at_it(owing):
    first, second = claim(owing)
    with owing.write() as tx:
        tx.submissions.retry_now(AT)
    assert claim(owing) == []
    with owing.write() as tx:
        tx.submissions.mark_submitted([first], until=UNTIL)
        tx.submissions.settle([replace(second, due_at=AT)], until=UNTIL)
    assert names(claim(owing)) == ["page"]
