"""Nasty articles, and all others that there are, from files to output: no checker complains.

The ordinary run draws a few; `SYNDICATE_NASTY=2000` draws as many as that.
"""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from syndicate.intake.articles.parallel_parse import ImportOutcome
from tests.end_to_end import nasty_articles
from tests.end_to_end.built_publication import CONFIG, Publication, bring_up
from tests.end_to_end.output_checks import Inspection
from tests.shared_folder import needs_shared

pytestmark = pytest.mark.slow

COUNT = int(os.environ.get("SYNDICATE_NASTY", "120"))
SHORT_FEEDS = CONFIG.replace("items = 1000", "items = 20")
"""With archives."""


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Publication]:
    folder = tmp_path_factory.mktemp("hostile")
    (folder / "config.toml").write_text(SHORT_FEEDS)
    made = bring_up(
        folder, nasty_articles.write(nasty_articles.corpus(COUNT, start=COUNT), folder / "articles")
    )
    yield made
    made.store.close()


@pytest.fixture(
    scope="module", params=["hostile", "demonstration", pytest.param("real", marks=needs_shared)]
)
def inspection(request: pytest.FixtureRequest, demonstration: Publication) -> Inspection:
    """Inspect one of them; the demonstration is named, so that one process builds it for all.

    Only the hostile one has feeds with archives.
    """
    return Inspection(request.getfixturevalue(request.param).config)


def test_a_nasty_article_comes_out_or_is_left_out_with_a_message(hostile):
    assert not hostile.built.failed
    assert len(hostile.filed) == len(hostile.files)
    left_out = [one for one in hostile.filed if one.outcome is not ImportOutcome.NEW]
    assert all(one.outcome is ImportOutcome.REFUSED and one.reason for one in left_out)
    assert len(left_out) < 0.4 * len(hostile.filed)


@pytest.mark.parametrize(
    "inspect",
    [
        Inspection.rss,
        Inspection.atom,
        Inspection.json_feed,
        Inspection.feeds_as_read,
        Inspection.sitemaps,
        Inspection.opml,
        Inspection.html,
        Inspection.amp,
        Inspection.pages,
        Inspection.text,
        Inspection.twins,
        pytest.param(Inspection.atom_by_its_grammar, marks=needs_shared),
        pytest.param(Inspection.sitemaps_by_their_grammar, marks=needs_shared),
    ],
    ids=lambda check: check.__name__,
)
def test_no_checker_complains(
    inspection: Inspection, inspect: Callable[[Inspection], list[str]]
) -> None:
    assert inspect(inspection) == []


@pytest.mark.parametrize("name", sorted(nasty_articles.PICTURES))
def test_each_picture_of_the_corpus_is_drawn(name: str, tmp_path: Path) -> None:
    nasty_articles.PICTURES[name](tmp_path / name)
    assert (tmp_path / name).stat().st_size > 0
