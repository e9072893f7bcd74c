"""Sign-ups past a limit: what people see, who gets in all the same, what operators see."""

import re
from datetime import timedelta
from email.utils import parseaddr

import pytest
from playwright.sync_api import expect
from structlog.testing import capture_logs

from syndicate import clock
from tests.web.readers.signup.test_signup_looks import a_moment_later
from tests.web.readers.test_proof_of_work import solved

pytestmark = [pytest.mark.usefixtures("within_the_hour"), pytest.mark.neighbours]
TIGHT = {"per_network": 2}
HOUR_AND_MORE = timedelta(minutes=66)


@pytest.fixture
def full(site):
    """A publication that has had from this network what it takes of sign-ups."""
    opened = site(signup=TIGHT)
    for name in ("ada", "bo"):
        assert opened.sign_up(f"{name}@example.org").status_code == 200
    return opened


def proof(opened) -> str:
    return solved(opened.client.get("/signup/challenge").json())


def limited(opened) -> dict[str, float]:
    """Return how many sign-ups went over a limit, by its name."""
    text = opened.client.get("/metrics").text
    found = re.findall(
        r'^syndicate_signups_limited_total\{limit="(\w+)"\} (\S+)$', text, re.MULTILINE
    )
    return {name: float(count) for name, count in found}


def test_past_the_limit_of_a_network_the_page_says_so(full):
    page = full.sign_up("cy@example.org", name="Cy Twombly")
    assert page.status_code == 429
    assert 3300 < int(page.headers["retry-after"]) <= 3900
    assert "a lot of sign-ups from your network" in page.text
    minutes = -(-int(page.headers["retry-after"]) // 60)
    (without_script,) = re.findall(r"<noscript>(.*?)</noscript>", page.text, re.DOTALL)
    assert f"Please try again in {minutes} minutes." in without_script
    assert 'value="cy@example.org"' in page.text
    assert 'value="Cy Twombly"' in page.text
    assert full.reader("cy@example.org") is None


def test_past_the_limit_a_proof_of_work_lets_people_in(full):
    page = full.sign_up("cy@example.org")
    assert "<script" in page.text
    assert "script-src 'self'" in page.headers["content-security-policy"]
    once = proof(full)
    assert full.sign_up("cy@example.org", altcha=once).status_code == 200
    assert full.states("cy@example.org") == {"breaking": "pending"}
    assert full.sign_up("di@example.org", altcha=once).status_code == 429
    assert full.reader("di@example.org") is None


def test_even_with_proofs_a_network_gets_ten_times_its_limit_and_no_more(full):
    for number in range(18):
        assert full.sign_up(f"reader{number}@example.org", altcha=proof(full)).status_code == 200
    page = full.sign_up("cy@example.org", altcha=proof(full))
    assert page.status_code == 429
    assert "<script" not in page.text
    assert "Please try again in" in page.text
    assert full.reader("cy@example.org") is None


def test_json_says_the_same(full):
    sent = {"email": "cy@example.org"}
    answer = full.client.post("/api/signup", json=sent)
    assert answer.status_code == 429
    assert int(answer.headers["retry-after"]) > 3300
    assert answer.headers["access-control-expose-headers"] == "retry-after"
    assert "Please try again in" in answer.json()["message"]
    assert list(answer.json()["errors"]) == ["altcha"]
    again = full.client.post("/api/signup", json=sent | {"altcha": proof(full)})
    assert again.status_code == 202
    assert full.states("cy@example.org") == {"breaking": "pending"}


def test_past_the_limit_of_all_there_is_nothing_but_waiting(site):
    opened = site(signup={"in_all": 1})
    opened.sign_up("ada@example.org")
    page = opened.sign_up("bo@example.org", altcha=proof(opened))
    assert page.status_code == 429
    assert int(page.headers["retry-after"]) > 3300
    assert "A lot of people are signing up" in page.text
    assert "<script" not in page.text
    assert opened.client.post("/api/signup", json={"email": "bo@example.org"}).status_code == 429
    assert opened.reader("bo@example.org") is None


def test_an_address_that_had_its_letters_is_answered_as_any_other(site):
    opened = site(signup={"per_address": 1})
    fresh = opened.sign_up()
    again = opened.sign_up()
    assert (again.status_code, again.content) == (fresh.status_code, fresh.content)
    assert len(opened.questions()) == 1
    assert limited(opened) == {"address": 1, "network": 0, "all": 0}


@pytest.mark.parametrize(
    ("emails", "letters"),
    [
        (("ada+1@example.org", "Ada+2@Example.org", "ada@example.org", "ada+@example.org"), 2),
        (("a.da@gmail.com", "ad.a+x@googlemail.com", "ada@gmail.com"), 2),
        (("a.da@example.org", "ad.a@example.org", "ada@example.org"), 3),
        (("+ada@example.org", "+bo@example.org", "+cy@example.org"), 3),
    ],
    ids=["plus", "gmail", "dots elsewhere", "nothing before the plus"],
)
def test_aliases_of_one_mailbox_share_its_limit_and_stay_as_typed(site, emails, letters):
    opened = site(signup={"per_address": 2})
    for email in emails:
        assert opened.sign_up(email).status_code == 200
    sent = [parseaddr(letter.to)[1] for letter in opened.letters()]
    assert sorted(sent) == sorted(normalised(email) for email in emails[:letters])


def normalised(email: str) -> str:
    """Return an address as typed, but for the case of its domain."""
    local, _, domain = email.rpartition("@")
    return f"{local}@{domain.lower()}"


def test_what_is_over_a_limit_is_counted_and_logged_once_an_hour(full):
    with capture_logs() as logs:
        for number in range(3):
            full.sign_up(f"reader{number}@example.org")
        full.client.post("/api/signup", json={"email": "cy@example.org"})
    assert limited(full) == {"address": 0, "network": 4, "all": 0}
    (line,) = logs
    assert line["event"] == "a network sends more sign-ups than signup.per_network"
    assert (line["network"], line["per_network"]) == ("127.0.0.0/24", 2)


@pytest.mark.browser
def test_a_browser_with_script_gets_in_by_one_more_press(browser, full, monkeypatch):
    page = browser.new_page()
    page.goto(f"{full.client.base_url}/signup")
    page.get_by_label("Email address").fill("cy@example.org")
    a_moment_later(monkeypatch)
    page.get_by_role("button", name="Subscribe").click()
    expect(page.get_by_role("alert")).to_contain_text("Press the button once more")
    expect(page.locator("[role=alert] noscript p")).to_have_count(0)
    a_moment_later(monkeypatch)
    page.get_by_role("button", name="Subscribe").click()
    page.get_by_role("heading", name="Check your inbox").wait_for()
    assert full.states("cy@example.org") == {"breaking": "pending"}
    page.close()


@pytest.mark.browser
def test_a_browser_without_script_is_asked_to_wait(browser, full, monkeypatch):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{full.client.base_url}/signup")
    page.get_by_label("Email address").fill("cy@example.org")
    a_moment_later(monkeypatch)
    page.get_by_role("button", name="Subscribe").click()
    expect(page.locator("[role=alert] noscript p")).to_be_visible()
    assert "Please try again in" in page.locator("[role=alert] noscript p").inner_text()
    expect(page.get_by_text("Press the button once more")).to_be_hidden()
    real = clock.now
    monkeypatch.setattr(clock, "now", lambda: real() + HOUR_AND_MORE)
    page.get_by_role("button", name="Subscribe").click()
    page.get_by_role("heading", name="Check your inbox").wait_for()
    context.close()
