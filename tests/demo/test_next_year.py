"""The demonstration a year from now: what is breaking is filed when it is first seen, so it mails.

What its mail weighs is looked at as well: its pictures, fetched as a mail client does.
"""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from urllib.request import urlopen

import pytest
from lxml import html

from syndicate import clock
from syndicate.config import Config, load
from syndicate.deliver.outbox import Outbox
from syndicate.intake.articles.article_files import find_article_files
from syndicate.intake.articles.article_import import import_articles
from syndicate.intake.articles.parallel_parse import ImportResult
from syndicate.model.articles import Article
from syndicate.model.editions import Content, EditionKind
from syndicate.render.mail.edition_content import compose_edition
from syndicate.render.templates import Templates
from syndicate.schedule.wiring import ManualSend, Services, TickReport
from syndicate.store import Store
from tests import ROOT
from tests.browser import served
from tests.csv_import import import_subscribers

pytestmark = [pytest.mark.slow, pytest.mark.neighbours]

BUDGET = 200_000
"""Bytes of all pictures of an edition."""


@dataclass(frozen=True)
class Demonstration:
    """A clone of the demonstration publication, after its first pass."""

    config: Config
    store: Store
    imported: list[ImportResult]
    ticked: TickReport

    @property
    def articles(self) -> list[Article]:
        with self.store.read() as tx:
            found = [tx.articles.by_slug(result.slug or "") for result in self.imported]
        return [article for article in found if article is not None]


@pytest.fixture(scope="module")
def demonstration(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demonstration]:
    """Clone it, serve what it builds, and let it do what is due next year."""
    folder = tmp_path_factory.mktemp("demo")
    for name in ("config.toml", "logo.png", "demo-subscribers.csv"):
        shutil.copy(ROOT / name, folder)
    for name in ("articles", "editions"):
        shutil.copytree(ROOT / name, folder / name)
    real = clock.now
    with pytest.MonkeyPatch.context() as patched, served(folder / "feeds") as url:
        # at a time of day near which no schedule has a slot
        ahead = real().replace(hour=12, minute=10) - real() + timedelta(days=366)
        patched.setattr(clock, "now", lambda: real() + ahead)
        text = (folder / "config.toml").read_text()
        marked = text.replace("[publication]\n", f'[publication]\nurl = "{url}"\n', 1)
        (folder / "config.toml").write_text(marked)
        config = load(folder / "config.toml")
        store = Store.of(config)
        subscribe(store, folder / "demo-subscribers.csv")
        files = find_article_files([folder / "articles"])
        imported = list(import_articles(store, config, files, at=clock.now()))
        ticked = Services(store, config).tick(clock.now())
        yield Demonstration(config, store, imported, ticked)
        store.close()


def subscribe(store: Store, file: Path) -> None:
    for newsletter in ("breaking", "briefing"):
        rows = import_subscribers(store, file, newsletter, at=clock.now())
        assert {row.outcome.value for row in rows} == {"added"}


def compose(kind: EditionKind, config: Config, articles: list[Article]) -> Content:
    now = clock.now().astimezone(config.publication.timezone)
    return compose_edition(
        kind=kind,
        articles=articles,
        more=[],
        newsletter=config.newsletters[1],
        config=config,
        templates=Templates(),
        edition_date=now,
    )


def fetch_pictures(content: Content) -> dict[str, tuple[str, int]]:
    """Fetch each picture that a mail loads; return its type and its weight in bytes."""
    found = {}
    for picture in html.document_fromstring(content.html).iter("img"):
        with urlopen(picture.get("src"), timeout=60) as response:
            found[picture.get("src")] = (response.headers["Content-Type"], len(response.read()))
    return found


def test_it_mails_the_breaking_digest_once_and_would_mail_what_is_planned(demonstration):
    config, ticked = demonstration.config, demonstration.ticked
    assert {one.outcome.value for one in demonstration.imported} == {"new"}
    assert [one.warnings for one in demonstration.imported if one.warnings] == []
    assert [str(fire) for fire in ticked.fires if fire.schedule == "breaking"] == [
        "edition 1, 2 articles"
    ]
    assert ticked.built.warnings == []
    mail = Outbox.of(config).messages()
    assert len(mail) == ticked.delivered.accepted == 5
    assert [one.problems for one in ticked.taken_in] == [(), ()]
    services = Services(demonstration.store, config)
    briefing = ManualSend(newsletter=config.newsletters[1], schedule=config.schedule("briefing"))
    _, proposal = services.send_test_copy(briefing, to="maren@morningpost.example", at=clock.now())
    assert proposal.plan.path == "editions/next-briefing.md"
    assert (proposal.findings, proposal.warnings) == ((), ())
    assert len(proposal.selection.taken) == 5
    letter = ManualSend(newsletter=config.newsletters[3], schedule=config.schedule("quay"))
    _, proposal = services.send_test_copy(letter, to="maren@morningpost.example", at=clock.now())
    assert proposal.plan.path == "editions/next-quay.md"
    assert (proposal.findings, proposal.warnings) == ((), ())
    again = services.tick(clock.now() + timedelta(minutes=2))
    assert again.delivered.accepted == 0


def test_a_briefing_of_everything_loads_200_kb_of_pictures_at_most(demonstration):
    loaded = fetch_pictures(
        compose(EditionKind.DIGEST, demonstration.config, demonstration.articles)
    )
    assert len(loaded) >= 3
    assert sum(weight for _, weight in loaded.values()) <= BUDGET
    assert {kind for kind, _ in loaded.values()} <= {"image/jpeg", "image/png"}


def test_no_storys_mail_is_heavier_either(demonstration):
    for story in demonstration.articles:
        loaded = fetch_pictures(compose(EditionKind.ALERT, demonstration.config, [story]))
        assert len(loaded) >= 1 + (story.lead is not None), story.slug
        assert sum(weight for _, weight in loaded.values()) <= BUDGET, story.slug
