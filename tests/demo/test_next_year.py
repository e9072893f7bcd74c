"""The demonstration a year from now: what is breaking is filed when it is first seen, so it mails."""

import shutil
from datetime import timedelta

import pytest

from syndicate import clock
from syndicate.config import load
from syndicate.deliver.outbox import Outbox
from syndicate.intake.articles.article_files import find_article_files
from syndicate.intake.articles.article_import import import_articles
from syndicate.schedule.wiring import ManualSend, Services
from syndicate.store import Store
from tests import ROOT
from tests.csv_import import import_subscribers

pytestmark = pytest.mark.slow


@pytest.fixture
def clone(tmp_path):
    """A clone of the demonstration publication."""
    for name in ("config.toml", "logo.png", "demo-subscribers.csv"):
        shutil.copy(ROOT / name, tmp_path)
    for name in ("articles", "editions"):
        shutil.copytree(ROOT / name, tmp_path / name)
    return tmp_path


@pytest.mark.parametrize("ahead", [timedelta(0), timedelta(days=366)], ids=["today", "next year"])
def test_a_clone_mails_the_breaking_digest_whenever_it_is_made(clone, monkeypatch, ahead):
    real = clock.now
    monkeypatch.setattr(clock, "now", lambda: real() + ahead)
    config = load(clone / "config.toml")
    store = Store.of(config)
    for newsletter in ("breaking", "briefing"):
        rows = import_subscribers(store, clone / "demo-subscribers.csv", newsletter, at=clock.now())
        assert {row.outcome.value for row in rows} == {"added"}
    filed = list(
        import_articles(store, config, find_article_files([clone / "articles"]), at=clock.now())
    )
    assert {one.outcome.value for one in filed} == {"new"}
    assert [one.warnings for one in filed if one.warnings] == []
    ticked = Services(store, config).tick(clock.now())
    assert [str(fire) for fire in ticked.fires if fire.schedule == "breaking"] == [
        "edition 1, 2 articles"
    ]
    assert ticked.built.warnings == []
    mail = Outbox.of(config).messages()
    assert len(mail) == ticked.delivered.accepted == 5
    assert [one.problems for one in ticked.taken_in] == [(), ()]
    briefing = ManualSend(newsletter=config.newsletters[1], schedule=config.schedule("briefing"))
    _, proposal = Services(store, config).send_test_copy(
        briefing, to="maren@morningpost.example", at=clock.now()
    )
    assert proposal.plan.path == "editions/next-briefing.md"
    assert (proposal.findings, proposal.warnings) == ((), ())
    assert len(proposal.selection.taken) == 5
    letter = ManualSend(newsletter=config.newsletters[3], schedule=config.schedule("quay"))
    _, proposal = Services(store, config).send_test_copy(
        letter, to="maren@morningpost.example", at=clock.now()
    )
    assert proposal.plan.path == "editions/next-quay.md"
    assert (proposal.findings, proposal.warnings) == ((), ())
    again = Services(store, config).tick(clock.now() + timedelta(minutes=2))
    assert again.delivered.accepted == 0
    store.close()
