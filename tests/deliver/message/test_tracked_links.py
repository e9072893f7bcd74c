"""Where a link in a reader's mail leads: straight, tagged, or through the counter."""

import re
from dataclasses import replace
from html import unescape

import pytest

from syndicate.deliver.message.links import SignedLinks, add_utm_tags
from syndicate.deliver.outbox import Outbox
from syndicate.deliver.sample_mail import send_sample
from syndicate.deliver.worker import configured_transports
from syndicate.model.editions import CANARY
from tests import sample_editions
from tests.deliver.editions import NOON, draft, drain_ledger, links
from tests.sample_editions import PLACES

HREF = re.compile(r'<a href="([^"]*)"')
HIDDEN = re.compile(
    r'<a href="([^"]*)" tabindex="-1" aria-hidden="true" style="display:none[^"]*"></a>'
)


@pytest.fixture
def mailed(sqlite_store, publication):
    """Mail an edition to Anna and Ben; return what each got and the links of the publication."""

    def make(**newsletter):
        config = publication(newsletters=[{"name": "breaking", **newsletter}])
        for name in ("anna", "ben"):
            sample_editions.subscribe(sqlite_store, f"{name}@example.org", at=NOON)
        sample_editions.freeze(sqlite_store, at=NOON)
        drain_ledger(sqlite_store, config, configured_transports(config))
        kept = Outbox.of(config).messages()
        return sorted(kept, key=lambda each: each.to), links(sqlite_store, config)

    return make


def hrefs(html: str) -> list[str]:
    return [unescape(href) for href in HREF.findall(html)]


def counted(links: SignedLinks, addresses: list[str]) -> list[tuple[int, int, int | None] | None]:
    return [links.read_click(address.rpartition("/c/")[2]) for address in addresses]


def test_without_tracking_links_lead_straight_and_there_is_no_hidden_one(mailed):
    (anna, ben), _ = mailed()
    for kept in (anna, ben):
        assert hrefs(kept.html)[:2] == list(PLACES)
        assert kept.text.splitlines()[1:3] == list(PLACES)
        assert "/c/" not in kept.html
        assert "display:none" not in kept.html


def test_clicks_are_counted_without_a_name(mailed):
    (anna, ben), links = mailed(tracking="clicks")
    assert counted(links, hrefs(anna.html)[:2]) == [(1, 1, None), (1, 2, None)]
    assert hrefs(anna.html)[:2] == hrefs(ben.html)[:2] == anna.text.splitlines()[1:3]


def test_clicks_are_counted_by_name_where_the_operator_wants_it(mailed):
    (anna, ben), links = mailed(tracking="readers")
    assert counted(links, hrefs(anna.html)[:2]) == [(1, 1, 1), (1, 2, 1)]
    assert counted(links, hrefs(ben.html)[:2]) == [(1, 1, 2), (1, 2, 2)]


@pytest.mark.parametrize(("tracking", "named"), [("clicks", None), ("readers", 1)])
def test_a_hidden_link_waits_for_what_follows_everything(mailed, tracking, named):
    (anna, _), links = mailed(tracking=tracking)
    (hidden,) = HIDDEN.findall(anna.html)
    assert counted(links, [hidden]) == [(1, CANARY, named)]


@pytest.mark.parametrize("tracking", ["none", "clicks", "readers"])
def test_links_that_are_a_readers_own_are_never_counted(mailed, tracking):
    (anna, _), _ = mailed(tracking=tracking)
    own = [href for href in hrefs(anna.html) if "/c/" not in href and href not in PLACES]
    assert [href.split("/")[3] for href in own] == ["unsubscribe", "view"]


def test_links_to_our_own_pages_say_where_they_stood(mailed):
    (anna, _), _ = mailed(utm=True)
    others, ours = hrefs(anna.html)[:2]
    assert others == PLACES[0]
    assert ours == f"{PLACES[1]}?utm_source=newsletter&utm_medium=email&utm_campaign=breaking-1"
    assert ours in anna.text


@pytest.mark.parametrize(
    ("address", "query"),
    [
        ("http://127.0.0.1:8000", "?{}"),
        ("http://127.0.0.1:8000/a/?b=c#d", "/a/?b=c&{}#d"),
        ("http://127.0.0.1:80001/", None),
        ("http://127.0.0.1:8000.evil.example/", None),
    ],
)
def test_only_addresses_of_ours_are_tagged(publication, address, query):
    tags = "utm_source=newsletter&utm_medium=email&utm_campaign=x"
    expected = address if query is None else "http://127.0.0.1:8000" + query.format(tags)
    assert add_utm_tags(address, "x", publication()) == expected


@pytest.mark.parametrize("tracking", ["none", "clicks", "readers"])
def test_a_test_copy_counts_nothing(sqlite_store, publication, tracking):
    config = publication(newsletters=[{"name": "breaking", "tracking": tracking}])
    paper = draft(html=sample_editions.content().html, nonce=sample_editions.NONCE)
    paper = replace(paper, links=PLACES)
    send_sample(
        paper, "desk@example.org", config=config, transports=configured_transports(config),
        links=links(sqlite_store, config),
    )  # fmt: skip
    (kept,) = Outbox.of(config).messages()
    assert hrefs(kept.html)[:2] == list(PLACES)
    assert "/c/" not in kept.html


def test_a_token_for_clicks_is_no_other_and_no_other_is_one(publication):
    config = publication()
    ours, others = SignedLinks(config, b"0" * 32), SignedLinks(config, b"1" * 32)
    click, view = ours.click(1, 2, 3).rpartition("/")[2], ours.view(1, 2).rpartition("/")[2]
    assert ours.read_click(click) == (1, 2, 3)
    assert others.read_click(click) is None
    assert ours.read_click(view) is None
    assert ours.read_pair("view", ours.click(1, 2, None).rpartition("/")[2]) is None
