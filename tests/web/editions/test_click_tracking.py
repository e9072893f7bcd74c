"""Following a link of a mail: it leads where the edition says, and is counted beside that."""

import re
import threading
from datetime import UTC, datetime
from urllib.parse import urlsplit

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from syndicate.deliver.message.links import SignedLinks
from syndicate.errors import StoreLocked
from syndicate.store import Store
from syndicate.web.app import application
from syndicate.web.editions.click_tracking import ScannerDetector
from tests.causes import by_test
from tests.sample_editions import PLACES, freeze, subscribe
from tests.until import until
from tests.web.asgi_client import Client
from tests.web.editions.test_scanner_detection import FIREFOX

AT = datetime(2026, 11, 24, 8, tzinfo=UTC)


class Desk:
    """A newsletter's edition with six links, on the web."""

    def __init__(self, store, config):
        self.store = store
        self.anna = subscribe(store, at=AT)
        more = tuple(f"https://city.example/{n}" for n in range(3, 7))
        self.edition = freeze(store, at=AT, links=(*PLACES, *more)).key
        self.client = Client(application(store, config), **{"user-agent": FIREFOX})
        with store.read() as tx:
            self.links = SignedLinks(config, tx.keys.secret("links"))

    def path(self, link=1, *, subscriber=None, edition=None):
        return urlsplit(self.links.click(edition or self.edition, link, subscriber)).path

    def counts(self):
        """(people, machines, readers) by link."""
        with self.store.read() as tx:
            return {
                count.link: (count.people, count.machines, count.readers)
                for count in tx.clicks.counts(self.edition)
                if count.people or count.machines
            }


@pytest.fixture
def site(sqlite_store, publication):
    def make(tracking="clicks", **more):
        newsletter = {"name": "breaking", "tracking": tracking, **more}
        return Desk(sqlite_store, publication(newsletters=[newsletter]))

    return make


@pytest.mark.parametrize(("link", "place"), [(1, PLACES[0]), (2, PLACES[1])])
def test_a_link_leads_where_the_edition_says_and_is_counted(site, link, place):
    site = site()
    answer = site.client.get(site.path(link))
    assert (answer.status_code, answer.headers["location"]) == (302, place)
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["x-robots-tag"] == "noindex"
    assert "set-cookie" not in answer.headers
    assert site.counts() == {link: (1, 0, 0)}


def test_who_clicked_is_known_only_where_the_operator_wants_it(site):
    site = site("readers")
    site.client.get(site.path(subscriber=site.anna))
    site.client.get(site.path(subscriber=site.anna))
    assert site.counts() == {1: (2, 0, 1)}


def test_a_readers_token_names_nobody_once_only_clicks_are_counted(site):
    site = site("clicks")
    site.client.get(site.path(subscriber=site.anna))
    assert site.counts() == {1: (1, 0, 0)}


def test_where_nothing_is_counted_any_more_old_links_still_lead(site):
    site = site("none")
    assert site.client.get(site.path()).headers["location"] == PLACES[0]
    assert site.counts() == {}


def test_a_tagged_link_leads_to_the_tagged_address(site):
    site = site(utm=True)
    location = site.client.get(site.path(2)).headers["location"]
    assert location == f"{PLACES[1]}?utm_source=newsletter&utm_medium=email&utm_campaign=breaking-1"


def test_head_is_answered_alike_and_is_a_machines(site):
    site = site()
    answer = site.client.head(site.path())
    assert (answer.status_code, answer.headers["location"]) == (302, PLACES[0])
    assert site.counts() == {1: (0, 1, 0)}


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "PATCH"])
def test_nothing_else_is_counted(site, method):
    site = site()
    assert site.client.request(method, site.path()).status_code == 405
    assert site.counts() == {}


def test_a_scanner_is_recognised_by_its_user_agent(site):
    site = site()
    site.client.get(site.path(), headers={"user-agent": "Mozilla/5.0 (compatible; Mimecast)"})
    site.client.get(site.path(), headers={"sec-purpose": "prefetch"})
    site.client.get(site.path(2))
    assert site.counts() == {1: (0, 2, 0), 2: (1, 0, 0)}


@pytest.mark.parametrize("tracking", ["clicks", "readers"])
def test_who_follows_everything_at_once_was_a_machine_from_the_beginning(site, tracking):
    site = site(tracking)
    for link in range(1, 7):
        site.client.get(site.path(link, subscriber=site.anna))
    assert site.counts() == dict.fromkeys(range(1, 7), (0, 1, 0))


@pytest.mark.parametrize("tracking", ["clicks", "readers"])
def test_the_hidden_link_leads_home_and_gives_the_visitor_away(site, tracking):
    site = site(tracking)
    site.client.get(site.path(1, subscriber=site.anna))
    answer = site.client.get(site.path(0, subscriber=site.anna))
    assert answer.headers["location"] == "http://127.0.0.1:8000/"
    site.client.get(site.path(2, subscriber=site.anna))
    assert site.counts() == {0: (0, 1, 0), 1: (0, 1, 0), 2: (0, 1, 0)}


def test_one_reader_is_not_taken_for_another(site):
    site = site("readers")
    ben = subscribe(site.store, "ben@example.org", at=AT)
    site.client.get(site.path(0, subscriber=ben))
    site.client.get(site.path(1, subscriber=site.anna))
    assert site.counts()[1] == (1, 0, 1)


def test_a_machine_is_named_in_the_store_and_a_person_is_not(site):
    site = site()
    site.client.get(site.path(), headers={"user-agent": "curl/8" + "x" * 200})
    site.client.get(site.path())
    with site.store._engine.connect() as connection:
        agents = connection.exec_driver_sql("SELECT agent FROM clicks ORDER BY key").scalars().all()
    assert agents == [("curl/8" + "x" * 200)[:80], ""]


def test_a_store_that_can_not_be_written_stops_nobody(site, monkeypatch):
    site = site()
    site.client.get(site.path())  # the links of the edition are known from now on

    def locked(_):
        raise StoreLocked("locked by another process")

    monkeypatch.setattr(Store, "write", locked)
    monkeypatch.setattr(Store, "read", locked)
    answer = site.client.get(site.path(2))
    assert (answer.status_code, answer.headers["location"]) == (302, PLACES[1])


@pytest.mark.neighbours
def test_writing_is_not_waited_for(web, sqlite_store, publication, monkeypatch):
    tables = {"newsletters": [{"name": "breaking", "tracking": "clicks"}]}
    client = web(**tables)
    edition = freeze(sqlite_store, at=AT).key
    with sqlite_store.read() as tx:
        links = SignedLinks(publication(**tables), tx.keys.secret("links"))
    write, answered = Store.write, threading.Event()

    def slow(store):
        assert answered.wait(60), "the answer waits for this"
        return write(store)

    def written():
        with sqlite_store.read() as tx:
            return sum(count.people + count.machines for count in tx.clicks.counts(edition)) == 2

    monkeypatch.setattr(Store, "write", slow)
    for link in (1, 2):
        path = urlsplit(links.click(edition, link, None)).path
        assert client.get(path).headers["location"] == PLACES[link - 1]
    assert not written()
    answered.set()
    until(written)


def test_a_forged_or_foreign_token_leads_nowhere(site, publication):
    site = site()
    token = site.path().rpartition("/")[2]
    stranger = SignedLinks(publication(), b"another secret").click(site.edition, 1, None)
    view = site.links.view(site.edition, site.anna)
    bad = [
        token[:-1], token.swapcase(), token + "=", token + "A", "", "x", "%00", "%2F%2Fevil.example",
        "https:%2F%2Fevil.example", stranger.rpartition("/")[2], view.rpartition("/")[2],
    ]  # fmt: skip
    for token in bad:
        answer = site.client.get(f"/c/{token}")
        assert (token, answer.status_code) == (token, 404)
        assert "location" not in answer.headers
    assert site.counts() == {}


@pytest.mark.parametrize(("edition", "link"), [(4711, 1), (None, 7), (None, 2**63)])
def test_a_link_that_there_is_not_leads_nowhere(site, edition, link):
    site = site()
    assert site.client.get(site.path(link, edition=edition)).status_code == 404


@settings(
    max_examples=50,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(data=st.data())
def test_no_byte_of_a_token_can_be_changed(site_once, data):
    token = site_once.path(1, subscriber=1).rpartition("/")[2]
    place = data.draw(st.integers(0, len(token) - 1))
    letter = data.draw(st.sampled_from("ABCabc019-_=%.~"))
    spoilt = token[:place] + letter + token[place + 1 :]
    answer = site_once.client.get(f"/c/{spoilt}")
    assert answer.status_code == (302 if spoilt == token else 404)


@settings(
    max_examples=50,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(path=st.text(max_size=60), query=st.text(max_size=20))
def test_no_path_breaks_it_or_leads_away(site_once, path, query):
    answer = site_once.client.get("/c/" + _quoted(path), params={"to": query})
    assert answer.status_code in {404, 307}  # 307: without the slash at its end, here
    assert answer.headers.get("location", "http://test/c/").startswith("http://test/c/")


@pytest.fixture
def site_once(site):
    return site()


def _quoted(path):
    return re.sub(
        "[^A-Za-z0-9/._~-]",
        lambda m: "".join(f"%{b:02X}" for b in m[0].encode("utf-8", "surrogatepass")),
        path,
    )


def test_an_erased_reader_is_led_on_and_counted_as_nobody(site):
    site = site("readers")
    with site.store.write() as tx:
        tx.erasures.erase(site.anna, cause=by_test(AT))
    assert site.client.get(site.path(subscriber=site.anna)).status_code == 302
    assert site.counts() == {1: (1, 0, 0)}


def test_of_a_long_name_only_the_beginning_is_kept(site, monkeypatch):
    site, kept, classify = site(), [], ScannerDetector.classify

    def noted(self, who, visit):
        kept.append(visit.agent)
        return classify(self, who, visit)

    monkeypatch.setattr(ScannerDetector, "classify", noted)
    long = FIREFOX.ljust(300, "x") + "curl" * 1000
    site.client.get(site.path(), headers={"user-agent": long})
    assert kept == [long[:80]]
    assert site.counts() == {1: (1, 0, 0)}
