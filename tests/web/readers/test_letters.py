"""The letters: what they say and hold, and how they go out."""

import re
import threading
import time
from datetime import timedelta
from email import message_from_string
from typing import Any

import pytest
from lxml import html

from syndicate import clock
from syndicate.config import Newsletter
from syndicate.language import available_languages
from syndicate.model.editions import placeholder
from syndicate.render.mail.letter import Letter, compose_letter
from syndicate.render.templates import Templates
from syndicate.schedule.runner import Runner
from syndicate.schedule.wiring import Services
from syndicate.web.readers.letters import LetterSender, SignupLimits
from syndicate.web.telemetry.counters import RequestCounters
from tests.causes import by_test
from tests.until import until

SHIPPED = Templates()
NEWS = (Newsletter(name="breaking", title="Breaking <news>"), Newsletter(name="briefing"))

BUTTONS = {
    "ar": "الزر",
    "de": "schaltfläche",
    "en": "button",
    "es": "botón",
    "fr": "bouton",
    "it": "pulsante",
    "ja": "ボタン",
    "nl": "knop",
    "pl": "przycisk",
    "pt": "botão",
    "tr": "düğme",
}


def composed(config, letter=Letter.CONFIRM, language="en"):
    return compose_letter(
        letter, language=language, config=config, templates=SHIPPED, newsletters=NEWS
    )


@pytest.mark.parametrize("letter", list(Letter))
@pytest.mark.parametrize("language", ["en", "de"])
def test_each_letter_has_a_button_the_address_below_and_why_it_came(publication, letter, language):
    content = composed(publication(), letter, language)
    tree = html.document_fromstring(content.html)
    slot = "preferences" if letter is Letter.WELCOME else "confirm"
    marker = placeholder(content.nonce, slot)
    links = [link.get("href") for link in tree.iter("a") if link.get("href") == marker]
    assert len(links) == 2
    for part in (content.html, content.text):
        assert marker in part
        assert part.count(placeholder(content.nonce, "email")) == 1
        assert placeholder(content.nonce, "unsubscribe") not in part
        assert placeholder(content.nonce, "name") not in part
        assert "1 Harbour Street" in part
    for text in (content.text, "".join(tree.find("body").itertext())):
        assert "{" not in text
    assert tree.get("lang") == language


@pytest.mark.parametrize("letter", list(Letter))
@pytest.mark.parametrize("language", available_languages())
def test_the_text_part_speaks_of_the_link_since_it_has_no_button(publication, letter, language):
    content = composed(publication(), letter, language)
    assert BUTTONS[language] not in content.text.lower()
    if letter is not Letter.WELCOME:
        assert BUTTONS[language] in content.html.lower()
    if letter is Letter.CONFIRM and language == "en":
        text = " ".join(content.text.split())
        assert "Follow this link to start getting Breaking <news> and Briefing." in text
        assert "we won’t send you anything unless you follow the link." in text


def test_what_is_asked_about_is_named_and_escaped(publication):
    content = composed(publication())
    assert "Breaking &lt;news&gt; and Briefing" in content.html
    assert "Breaking <news> and Briefing" in content.text
    assert content.subject == "Please confirm your subscription to Morning Post"


def test_a_letter_is_composed_once(sqlite_store, publication):
    config = publication()
    limits = SignupLimits(config, b"s", RequestCounters())
    letters = LetterSender(sqlite_store, config, limits)
    assert letters.compose(Letter.CONFIRM, "en", NEWS) is letters.compose(
        Letter.CONFIRM, "en", NEWS
    )
    assert letters.compose(Letter.CONFIRM, "en").hash != letters.compose(Letter.CONFIRM, "de").hash
    assert composed(config).hash == composed(publication()).hash
    other = publication(publication={"title": "Evening Post"})
    assert "Evening Post" in composed(other).subject


def test_a_publication_may_write_its_own(publication, tmp_path):
    own = tmp_path / "templates/email"
    own.mkdir(parents=True)
    (own / "letter.txt").write_text("Dear reader: {{ address }}\n")
    content = compose_letter(
        Letter.CONFIRM,
        language="en",
        config=publication(),
        templates=Templates(tmp_path / "templates"),
    )
    assert content.text.startswith("Dear reader: SLOT")


@pytest.mark.neighbours
def test_a_letter_goes_out_without_a_mailing_lists_headers(site):
    opened = site(
        newsletters=[{"name": "breaking", "from": "Breaking <breaking@example.org>"}],
        mail={"from": "Morning Post <news@example.org>"},
    )
    opened.sign_up()
    (letter,) = opened.letters()
    headers = message_from_string(letter.source)
    assert not [name for name in headers if name.startswith("List-")]
    assert "Precedence" not in headers
    assert headers["From"] == "Morning Post <news@example.org>"
    assert headers["Auto-Submitted"] == "auto-generated"
    assert headers["To"] == "anna@example.org"


@pytest.mark.neighbours
def test_the_letter_to_a_known_reader_is_in_their_language(site):
    opened = site()
    with opened.store.write() as tx:
        tx.subscribers.subscribe("anna@example.org", "breaking", cause=by_test(clock.now()))
        key = tx.subscribers.by_email("anna@example.org").key
        tx.subscribers.update(key, language="de", cause=by_test(clock.now()))
    opened.sign_up()
    assert "Bitte bestätigen Sie" in opened.letters()[0].subject


@pytest.mark.neighbours
def test_the_link_of_a_letter_is_the_page_that_confirms(site):
    opened = site()
    opened.sign_up()
    (letter,) = opened.letters()
    for part in (letter.text, letter.html):
        (address, *_) = re.findall(r"http://127\.0\.0\.1:\d+/confirm/[\w-]+", part)
        assert opened.client.get(address).status_code == 200
    opened.client.post(address)
    assert opened.states() == {"breaking": "confirmed"}


@pytest.mark.neighbours
def test_run_sends_a_letter_at_once_and_not_at_the_next_sweep(site, sqlite_store, monkeypatch):
    monkeypatch.setattr("syndicate.schedule.runner.SWEEP_INTERVAL", timedelta(hours=1))
    wakes: list[Any] = []
    opened = site(letters_due=lambda: [wake() for wake in wakes])
    runner = Runner(Services(sqlite_store, opened.config), threading.Event())
    wakes.append(runner.mail_due.set)
    outbox = opened.config.path("outbox")
    with runner:
        time.sleep(0.5)  # the first sweep is over
        opened.sign_up()
        until(lambda: list(outbox.glob("*.eml")))
        assert len(list(outbox.glob("*.eml"))) == 1


def test_every_edition_leads_to_preferences_and_to_the_browser(publication):
    from tests.render.mail.samples import alert, digest, stories, story

    for content in (alert(story()), digest(stories())):
        for slot in ("unsubscribe", "preferences", "view"):
            marker = placeholder(content.nonce, slot)
            assert f'href="{marker}"' in content.html
            assert f"\n{marker}\n" in content.text
