"""Leaving a newsletter: what stands behind every List-Unsubscribe header (RFC 8058).

Only a POST changes anything: scanners follow every link they find. The token in
the address is all there is; who has it needs no cookie and no login, and nobody
learns from an answer whether a made-up one was close.
"""

from dataclasses import dataclass

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from syndicate import clock
from syndicate.config import Config, Newsletter
from syndicate.deliver.links import Links
from syndicate.errors import StoreError
from syndicate.model.subscribers import Cause, Subscriber, SubscriptionState, Who
from syndicate.store import Store
from syndicate.web.forms import read_form
from syndicate.web.pages import Page, Pages
from syndicate.web.words import Words, words_in

ONE_CLICK = "List-Unsubscribe"
_PRIVATE = {"cache-control": "no-store"}


@dataclass(frozen=True, slots=True)
class Reader:
    """Who holds a link, and to which newsletter it belongs."""

    key: int
    newsletter: Newsletter
    subscriber: Subscriber | None
    """None where the store has forgotten them."""

    @property
    def state(self) -> SubscriptionState | None:
        """Where the subscription stands; None where there is none."""
        found = self.subscriber.subscriptions if self.subscriber else ()
        return next((one.state for one in found if one.newsletter == self.newsletter.name), None)

    @property
    def may_return(self) -> bool:
        """Whether an unsubscription can be undone."""
        left = self.state is SubscriptionState.LEFT
        return left and self.subscriber is not None and self.subscriber.suppressed is None

    @property
    def masked(self) -> str:
        """The address so that its owner knows it and a stranger can't use it."""
        local, _, domain = (self.subscriber.email if self.subscriber else "").rpartition("@")
        return f"{local[:1]}•••@{domain}"


class Unsubscribe:
    """The page and the one click under /unsubscribe/."""

    def __init__(self, store: Store, config: Config, links: Links, pages: Pages) -> None:
        self._store = store
        self._config = config
        self._links = links
        self._pages = pages

    def routes(self) -> list[Route]:
        """Return the routes."""
        return [Route("/unsubscribe/{token}", self.answer, methods=["GET", "POST"])]

    async def answer(self, request: Request) -> Response:
        """Show where the reader stands; on a POST, first do what the form says."""
        token = request.path_params["token"]
        try:
            if request.method == "POST":
                form = await read_form(request) or {}
                return await run_in_threadpool(self._act, token, form)
            return await run_in_threadpool(self._show, token)
        except StoreError:
            return self._busy()

    def _show(self, token: str) -> Response:
        reader = self._reader(token)
        return self._bad_link() if reader is None else self._standing(reader)

    def _act(self, token: str, form: dict[str, str]) -> Response:
        reader = self._reader(token)
        if reader is None:
            return self._bad_link()
        if form.get(ONE_CLICK) == "One-Click":
            self._leave(reader, how="one click in the mail program (RFC 8058)")
            return PlainTextResponse("Unsubscribed.\n", headers=_PRIVATE)
        if form.get("action") == "leave":
            self._leave(reader, how="button on the unsubscribe page")
            return self._show(token)
        if form.get("action") == "undo" and reader.may_return:
            self._rejoin(reader, how="undo on the unsubscribe page")
            return self._rejoined(reader)
        return self._refused(reader)

    def _reader(self, token: str) -> Reader | None:
        """Return who holds a token; None for one that we did not sign."""
        read = self._links.read(token)
        if read is None:
            return None
        key, name = read
        newsletter = self._config.newsletter(name) or Newsletter(name=name)
        with self._store.read() as tx:
            return Reader(key, newsletter, tx.subscribers.by_key(key))

    def _leave(self, reader: Reader, *, how: str) -> None:
        cause = Cause(who=Who.READER, how=how)
        with self._store.write() as tx:
            tx.subscribers.leave(reader.key, reader.newsletter.name, at=clock.now(), cause=cause)

    def _rejoin(self, reader: Reader, *, how: str) -> None:
        cause = Cause(who=Who.READER, how=how)
        with self._store.write() as tx:
            tx.subscribers.rejoin(reader.key, reader.newsletter.name, at=clock.now(), cause=cause)

    # what the reader sees

    def _standing(self, reader: Reader) -> Response:
        values = {"reader": reader, "newsletter": reader.newsletter.label}
        language = reader.newsletter.language
        page = self._pages.render(
            "web/unsubscribe.html", values, language=language, policy=("form-action 'self'",)
        )
        return _response(page)

    def _rejoined(self, reader: Reader) -> Response:
        words = self._words(reader)
        said = words.rejoined.format(email=reader.masked, newsletter=reader.newsletter.label)
        return self._notice(words.rejoined_title, said, language=words.language)

    def _refused(self, reader: Reader) -> Response:
        words = self._words(reader)
        return self._notice(words.refused_title, words.refused, language=words.language, status=400)

    def _bad_link(self) -> Response:
        words = self._words()
        address = (self._config.mail.reply_to or self._config.mail.sender).address
        help_ = words.write_to.format(address=address)
        return self._notice(words.bad_link_title, words.bad_link, help_, status=404)

    def _busy(self) -> Response:
        words = self._words()
        return self._notice(words.busy_title, words.busy, status=503)

    def _words(self, reader: Reader | None = None) -> Words:
        language = reader.newsletter.language if reader else None
        return words_in(language or self._config.publication.language)

    def _notice(
        self, title: str, *paragraphs: str, language: str | None = None, status: int = 200
    ) -> Response:
        return _response(self._pages.notice(title, *paragraphs, language=language), status)


def _response(page: Page, status: int = 200) -> Response:
    return Response(page.body, status, headers={**page.headers, **_PRIVATE})
