"""What the server answers to forms, dead links and letters, and where it has nothing to serve."""

from collections.abc import Iterator

import httpx

from syndicate.web.pages import WebPages
from tests.web.every_page.hurtful_publication import LONG, HurtfulPublication
from tests.web.known_reader import path_of
from tests.web.readers.mover import NEW, Mover
from tests.web.signup_site import SignupSite


def answers(place: HurtfulPublication) -> Iterator[str]:
    """Yield the source of each."""
    pages = WebPages(place.config)
    for rare in (pages.not_found(), pages.busy()):  # before the first build, and under load
        yield bytes(rare.body).decode()
    yield _source(place.client.get("/preferences/none"), 404)
    yield _source(place.client.get("/confirm/none"), 404)
    yield from _to_somebody_new(place)
    yield from _to_a_reader(place)
    yield from _to_one_who_leaves(place)
    for view in ("text", "headers", "source"):
        yield _source(place.client.get(f"/outbox?view={view}"))


def _to_somebody_new(place: HurtfulPublication) -> Iterator[str]:
    site = SignupSite(place.client, place.store, place.config)
    yield _source(site.sign_up(LONG, newsletter="briefing"), 400)
    typed = {"fields.city": "Kiel", "newsletter": "briefing"}
    yield _source(site.sign_up(**{**typed, "newsletter": "none"}), 400)
    yield _source(site.sign_up(subject="filled in by a program", **typed))
    for number in range(place.config.signup.per_network):
        answer = site.sign_up(f"reader-{number}@example.org", **typed)
    yield _source(answer)
    yield _source(site.sign_up("one-too-many@example.org", **typed), 429)
    question = site.link("reader-0@example.org")
    yield _source(place.client.get(question))
    yield _source(place.client.post(question))


def _to_a_reader(place: HurtfulPublication) -> Iterator[str]:
    cleo = place.subscribe("cleo@example.org")
    mover = Mover(cleo)
    yield _source(cleo.post("nothing"), 400)
    yield _source(cleo.post("address", email="x"))
    yield _source(mover.ask())
    yield _source(place.client.get(mover.link(NEW)))
    yield _source(mover.confirm(mover.link(NEW)))
    yield _source(cleo.post("pause", weeks="1"))
    yield _source(cleo.post("data"))
    link = cleo.data_link()
    yield _source(place.client.get(link))
    for action in ("confirm-erase", "erase"):
        yield _source(place.client.post(link, data={"action": action}))


def _to_one_who_leaves(place: HurtfulPublication) -> Iterator[str]:
    emil = place.subscribe("emil@example.org")
    unsubscribe = path_of(emil.links.unsubscribe(emil.key, "breaking"))
    for data in ({"action": "leave"}, {"action": "reason", "reason": "other"}):
        yield _source(place.client.post(unsubscribe, data=data))


def _source(answer: httpx.Response, status: int = 200) -> str:
    assert answer.status_code == status, answer.url
    return answer.text
