"""What a reviewer's page shows, to whom, and what it keeps to itself."""

import re
from datetime import timedelta

import pytest

from syndicate.model.articles import Correction
from syndicate.model.subscribers import Actor, Cause
from syndicate.schedule.composer import Composer
from tests.web.review.conftest import ADA, BO, MAREN, MINUTE, NOW, REVIEW

GERMAN = {
    "publication": {"language": "de", "title": "Küstenpost", "timezone": "Europe/Berlin"},
    "newsletters": [{"name": "breaking", "title": "Eilmeldungen"}],
}


def by_operator(at):
    return Cause(who=Actor.OPERATOR, how="by an editor", at=at)


def test_the_page_shows_what_it_is_about(newsroom):
    room = newsroom(hold="5m")
    room.harness.subscribe("bo@example.com")
    words = room.opened().words
    for fact in (
        "Proof of “Breaking”",
        "Breaking: Ferry & tram",
        "It can be approved until November 24, 2026, 12:30 PM UTC",
        "Slot November 24, 2026, 12:00 PM UTC",
        "Readers now 1",
        "Your decision, Maren Tolk",
        "Proof sent to Maren Tolk, Bo Lund",
    ):
        assert fact in words


def test_findings_are_shown(newsroom, monkeypatch):
    propose = Composer.propose

    def with_finding(*args, **values):
        proposal = propose(*args, **values)
        object.__setattr__(proposal, "findings", ("<b> leads nowhere",))
        return proposal

    monkeypatch.setattr(Composer, "propose", with_finding)
    room = newsroom(approve=False)
    page = room.opened()
    assert "Problems found <b> leads nowhere" in page.words
    assert "Problems found:" in room.mail(MAREN)[0].text


def test_what_the_preflight_found_is_read_in_the_language_of_the_publication(newsroom):
    room = newsroom({"publication": {"language": "de"}}, approve=False)
    body = '<p><a href="/articles/harbour/">Mehr</a>, TK</p>'
    room.harness.file("tram", body=body, at=NOW + 10 * MINUTE)
    room.at(NOW + 10 * MINUTE)
    words = room.opened(edition=2).words
    dead = "Ein eigener Link führt ins Leere: http://127.0.0.1:8000/articles/harbour/"
    assert f"Gefundene Probleme {dead} Einen Blick wert „TK“ steht darin: „Mehr, TK“" in words
    proof = " ".join(room.mail(MAREN)[0].text.split())
    assert f"Gefundene Probleme: - {dead} Einen Blick wert: - „TK“ steht darin" in proof


@pytest.mark.parametrize(
    ("mode", "fate"),
    [
        ("send", "The next edition names the correction instead."),
        ("none", "Readers who have the earlier version won’t hear of the correction."),
    ],
)
def test_what_becomes_of_a_correction_that_is_not_sent_is_said_all_along(newsroom, mode, fate):
    newsletters = [{"name": "breaking", "corrections": mode}]
    room = newsroom({"newsletters": newsletters}, approve=False)
    sank = Correction(at=NOW, text="Forty, not 400.")
    room.harness.file("ferry", corrections=(sank,), at=NOW + MINUTE)
    room.harness.services.publish(NOW + MINUTE)
    if mode == "none":
        room.harness.services.correct("ferry", by_operator(NOW + MINUTE))
    room.at(NOW + MINUTE)
    words = room.opened(edition=2).words
    assert f"After that it won’t be sent. {fate}" in words
    assert f"Stop It won’t be sent. {fate}" in words
    room.at(NOW + timedelta(hours=25), tick=False)
    assert f"so it won’t be sent. {fate}" in room.opened(edition=2).words
    for hours in (25, 26):  # an edition that names it, or none
        room.harness.file(f"tram-{hours}", at=NOW + timedelta(hours=hours))
        room.at(NOW + timedelta(hours=hours))
        assert f"Nobody received it. {fate}" in room.opened(edition=2).words
    assert "stories" not in room.opened(edition=2).words


def test_the_audience_is_a_segment_s_as_of_now(newsroom):
    segments = [{"name": "vip", "where": 'tag = "vip"'}]
    room = newsroom({"segments": segments}, segment="vip")
    assert "Readers now 0 · in the segment “vip”" in room.opened().words
    room.harness.config = room.harness.config.override(segments=())
    assert "The segment “vip” is no longer in the configuration." in room.opened().words


def test_the_viewer_is_that_of_the_outbox(newsroom):
    room = newsroom()
    browser = room.opened()
    path = room.link()
    assert browser.page.count("<iframe") == 4
    for query, frames in (("width=phone", 2), ("theme=dark&width=desktop", 1), ("view=x", 4)):
        assert browser.get(f"{path}?{query}").text.count("<iframe") == frames
    text = browser.get(f"{path}?view=text")
    assert "<iframe" not in text.text
    assert "All about ferry." in browser.words
    body = browser.get(f"{path}/body")
    assert "All about ferry." in body.text
    assert MAREN in body.text, "as a reader gets it"
    assert '<base target="_blank">' in body.text
    policy = body.headers["content-security-policy"].split("; ")
    assert "sandbox allow-popups allow-popups-to-escape-sandbox" in policy
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'self'" in policy


def test_nothing_of_it_is_cached_indexed_framed_or_told_to_other_sites(newsroom):
    room = newsroom()
    path = room.link()
    browser = room.browser()
    for place in (path, f"{path}/body", f"{path}?view=text"):
        headers = browser.get(place).headers
        assert headers["cache-control"] == "no-store"
        assert headers["referrer-policy"] == "no-referrer"
        assert headers["x-robots-tag"] == "noindex"
        assert headers["x-content-type-options"] == "nosniff"
        assert "default-src 'none'" in headers["content-security-policy"]
        assert "set-cookie" not in headers
    policy = browser.get(path).headers["content-security-policy"]
    assert "frame-ancestors 'none'" in policy
    assert "script-src" not in policy


def test_a_link_is_for_its_reviewer_and_its_edition(newsroom):
    room = newsroom()
    path = room.link()
    links = room.harness.services.links
    browser = room.browser()
    for other in (
        path[:-1] + ("A" if path[-1] != "A" else "B"),
        "/review/x",
        "/review/" + links.view(1, links.reviewer_key(MAREN)).rpartition("/")[2],
        room.link("eve@example.org"),
        room.link(edition=99),
    ):
        assert browser.get(other).status_code == 404
        assert browser.get(f"{other}/body").status_code == 404
    assert browser.get(path).status_code == 200


def test_who_is_no_reviewer_any_more_has_no_page(newsroom):
    room = newsroom()
    path = room.link(BO)
    room.harness.config = room.harness.config.override(
        review=type(room.harness.config.review)(reviewers=(REVIEW["reviewers"][0],))
    )
    assert room.browser().get(path).status_code == 404


@pytest.mark.parametrize("act", ["approve", "stop"])
def test_the_edition_is_shown_until_it_is_decided(newsroom, act):
    room = newsroom()
    browser = room.opened()
    browser.press(act)
    browser.press(act, code=room.code())
    room.at(NOW + MINUTE)
    page = room.opened(BO)
    assert "<iframe" not in page.page
    assert "All about ferry" not in page.page
    assert page.get(f"{room.link(BO)}/body").status_code == 404


def test_its_own_links_unsubscribe_nobody(newsroom):
    room = newsroom()
    browser = room.browser()
    body = browser.get(f"{room.link()}/body").text
    links = room.harness.services.links
    assert links.review(1, MAREN) in body
    with room.store.read() as tx:
        ada = tx.subscribers.by_email(ADA)
    assert links.leave(0, "breaking") in body
    for address in (links.leave, links.unsubscribe):
        assert address(ada.key, "breaking") not in body


def test_everything_is_said_in_the_newsroom_s_language(newsroom):
    room = newsroom(GERMAN)
    [proof] = room.mail(MAREN)
    assert "Dies ist ein Korrekturabzug von „Eilmeldungen“." in proof.text
    assert "24. November 2026, 13:30 MEZ" in proof.text
    browser = room.opened()
    assert "Korrekturabzug verschickt an Maren Tolk, Bo Lund" in browser.words
    for words in ("Freigeben", "Zurückgeben", "Stoppen", "24. November 2026, 13:30 MEZ", "Dunkel"):
        assert words in browser.words
    browser.press("send-back", note="Fähre")
    assert "Ihre Notiz: Fähre" in room.mail(MAREN, "Ihr Code")[0].text
    browser.press("send-back", code=_german_code(room))
    assert "Maren Tolk hat sie am 24. November 2026, 13:00 MEZ zurückgegeben." in browser.words


def _german_code(room):
    [code] = re.findall(r"^\d{6}$", room.mail(MAREN, "Ihr Code")[0].text, re.MULTILINE)
    return code
