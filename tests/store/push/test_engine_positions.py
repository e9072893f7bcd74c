"""Up to which change search engines were notified, as the store keeps it, on both databases."""

from datetime import UTC, datetime, timedelta

from syndicate.model.articles import Revision
from tests.sample_articles import add_article

AT = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
ENGINE = "https://api.indexnow.org/indexnow"


def test_changes_are_listed_in_steps_and_none_is_missed(store):
    with store.write() as tx:
        for number in range(5):
            add_article(tx,
                Revision(title="x", body="<p>x</p>"),
                id=f"{number}", slug=f"{number}", path=None, source="", at=AT,
            )  # fmt: skip
        newest = tx.published.newest_change()
        after, found = 0, []
        while some := tx.engines.changed(after, newest - 1, limit=2):
            found += [key for key, _ in some]
            after = some[-1][1]
        assert found == tx.published.keys()[:4]
        assert tx.engines.newly_public(AT - timedelta(1), AT) == tx.published.keys()
        assert tx.engines.newly_public(AT, AT + timedelta(1)) == []


def test_up_to_where_an_engine_was_told_only_one_moves(store):
    later = AT + timedelta(minutes=10)
    with store.write() as tx:
        assert tx.engines.load(ENGINE) is None
        tx.engines.start(ENGINE, 3, AT)
        tx.engines.start(ENGINE, 9, AT)
        assert tx.engines.load(ENGINE) == (3, AT)
        assert tx.engines.advance(ENGINE, (3, AT), 5, later)
        assert not tx.engines.advance(ENGINE, (3, AT), 5, later)
        assert tx.engines.load(ENGINE) == (5, later)
        tx.engines.start("other", 3, AT)
        tx.engines.delete_others(ENGINE)
        assert (tx.engines.load("other"), tx.engines.load(ENGINE)) == (None, (5, later))
