"""Pre-flight at work: an error makes an edition wait for a person, a warning is reported."""

import re

import pytest
from structlog.testing import capture_logs

from syndicate.errors import Refused
from syndicate.model.editions import EditionState
from syndicate.schedule.wiring import ManualSend
from tests.causes import by_test
from tests.schedule.conftest import BREAKING, MINUTE, NOW, ScheduleHarness

ADA = "ada@example.org"
DEAD = '<p>More <a href="/articles/harbour/">here</a>.</p>'
FOUND = "a link of our own leads nowhere: http://127.0.0.1:8000/articles/harbour/"


@pytest.fixture
def newsroom(store, publication):
    """Make a publication with a reader."""

    def make(**tables):
        harness = ScheduleHarness(store, publication(**{"schedules": [BREAKING], **tables}))
        harness.subscribe(ADA)
        return harness

    return make


def waiting(harness):
    with harness.store.read() as tx:
        return tx.waiting.all()


def order(harness):
    return ManualSend(
        newsletter=harness.config.newsletter("breaking"), schedule=harness.config.schedules[0]
    )


@pytest.mark.sql
def test_an_edition_with_a_dead_link_waits_for_a_person_who_may_send_it_all_the_same(newsroom):
    harness = newsroom()
    harness.file("ferry", body=DEAD, title="TK")
    with capture_logs() as logs:
        report = harness.tick()
    assert harness.mail() == []
    assert str(report.fires[0]) == f"edition 1, 1 article; it waits, since {FOUND}"
    [one] = waiting(harness)
    assert one.terms.findings == (FOUND,)
    assert one.terms.warnings == ("“TK” is in it: “TK”",)
    assert [line.get("error") for line in logs if line["event"] == "preflight"] == [FOUND, None]
    harness.services.release.approve(1, by_test(NOW))
    harness.tick(NOW + MINUTE)
    assert harness.mail() == [(ADA, "Breaking: TK")]


def test_an_edition_whose_story_is_mended_leaves_by_itself(newsroom):
    harness = newsroom()
    harness.file("ferry", body=DEAD)
    harness.tick()
    harness.file("ferry", body="<p>No more.</p>", at=NOW + MINUTE)
    harness.tick(NOW + MINUTE)
    harness.tick(NOW + 2 * MINUTE)
    assert harness.mail() == [(ADA, "Breaking: Ferry")]
    with harness.store.read() as tx:
        assert tx.editions.get(1).state is EditionState.REJECTED


def test_an_edition_with_warnings_alone_leaves_and_the_log_has_them(newsroom):
    harness = newsroom()
    harness.file("ferry", body="<p>He is TK.</p>")
    with capture_logs() as logs:
        harness.tick()
    assert harness.mail() == [(ADA, "Breaking: Ferry")]
    [line] = [line for line in logs if line["event"] == "preflight"]
    assert line == {
        "event": "preflight",
        "log_level": "warning",
        "edition": 1,
        "warning": "“TK” is in it: “He is TK.”",
    }


def test_the_configuration_decides_what_is_an_error(newsroom):
    harness = newsroom(preflight={"tk": "error", "dead_link": "off"})
    harness.file("ferry", body=f"{DEAD}<p>TK</p>")
    harness.tick()
    [one] = waiting(harness)
    assert one.terms.findings == ("“TK” is in it: “TK”",)
    assert one.terms.warnings == ()


def test_what_is_sent_by_hand_is_checked_and_a_test_copy_leaves_all_the_same(newsroom):
    harness = newsroom()
    harness.file("ferry", body=DEAD)
    with capture_logs() as logs:
        harness.services.send_test_copy(order(harness), to="me@example.org", at=NOW)
    assert [line for line in logs if line["event"] == "preflight"] == [
        {"event": "preflight", "log_level": "warning", "copy": "me@example.org", "error": FOUND}
    ]
    sent = harness.services.send(order(harness), at=NOW)
    assert sent is not None
    assert sent[0].state is EditionState.WAITING
    assert [to for to, _ in harness.mail()] == ["me@example.org"]


def test_a_replacement_with_a_mistake_is_refused_and_what_it_replaces_stays_paused(newsroom):
    harness = newsroom()
    harness.file("ferry")
    services = harness.services
    services.publish(NOW)
    newsletter = harness.config.newsletter("breaking")
    services.composer.freeze(
        lambda: services.composer.propose_articles(newsletter, ["ferry"], at=NOW),
        lambda tx, proposal: tx.editions.add(proposal.draft),
    )
    harness.file("ferry", body=DEAD)
    with pytest.raises(Refused, match=r"isn't sent, since a link of our own leads nowhere.*mend"):
        services.replace(1, (), by_test(NOW))
    with harness.store.read() as tx:
        assert tx.editions.get(1).state is EditionState.PAUSED


def test_the_pages_of_the_edition_itself_are_not_dead(newsroom):
    harness = newsroom(newsletters=[{"name": "breaking", "tracking": "clicks", "utm": True}])
    links = "".join(f'<a href="{path}">x</a> ' for path in ("/", "/articles/ferry/", "/rss.xml"))
    harness.file("ferry", body=f"<p>{links}</p>", section="City")
    harness.file("tram", body='<p><a href="/articles/ferry/">x</a></p>')
    harness.tick()
    assert waiting(harness) == []
    assert len(harness.mail()) == 1


@pytest.mark.parametrize("tracking", ["none", "clicks"])
def test_a_link_that_dies_while_an_edition_is_held_keeps_it(newsroom, tracking):
    newsletters = [{"name": "breaking", "tracking": tracking}]
    harness = newsroom(schedules=[{**BREAKING, "hold": "5m"}], newsletters=newsletters)
    harness.file("harbour", breaking=False)
    harness.file("ferry", body=DEAD)
    harness.tick()
    assert waiting(harness)[0].terms.findings == ()
    with harness.store.write() as tx:
        tx.articles.retract(tx.articles.by_slug("harbour"), NOW + MINUTE)
    [released] = harness.tick(NOW + 5 * MINUTE).released
    assert released == "edition 2 takes the place of edition 1: a link in it leads nowhere by now"
    harness.tick(NOW + 6 * MINUTE)
    assert harness.mail() == []
    [one] = waiting(harness)
    assert (one.edition.key, one.terms.findings) == (2, (FOUND,))
    harness.services.release.approve(2, by_test(NOW + 7 * MINUTE))
    harness.tick(NOW + 13 * MINUTE)
    assert len(harness.mail()) == 1


def test_a_link_to_an_article_by_its_file_is_its_address_in_mail_or_words(newsroom):
    harness = newsroom()
    harness.file("ferry", breaking=False)
    body = '<p>A <a href="article:ferry.md">ferry</a> and a <a href="article:tram.md">tram</a>.</p>'
    harness.file("storm", body=body)
    harness.tick()
    assert waiting(harness) == []
    with harness.store.read() as tx:
        content = tx.editions.content(tx.editions.get(1).content)
    assert re.search(
        r'href="http://127.0.0.1:8000/articles/ferry/"[^>]*>ferry</a> and a tram', content.html
    )
    assert "article:" not in content.html + content.text
