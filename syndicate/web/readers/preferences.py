"""The page where a reader decides about everything, by the link in every mail.

A GET shows; only a POST from this very page acts, and the page that comes back says what
was done. There is no login: a change of address, which could take a subscription away
from its owner, is asked for by letters (`readers.address_change`).
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import structlog
from babel import Locale
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from syndicate import clock
from syndicate.config import Config
from syndicate.deliver.links import Links
from syndicate.errors import SyndicateError
from syndicate.language import spoken
from syndicate.model.subscribers import Action, Cause, Subscriber
from syndicate.store import Held, RequestKind, Store, Transaction
from syndicate.store.trail import Entry
from syndicate.web.forms import MANY, Form, read_form
from syndicate.web.guard import PRIVATE, answer, from_our_pages
from syndicate.web.pages import Pages
from syndicate.web.readers.address_change import AddressChange
from syndicate.web.readers.decisions import (
    DECISIONS,
    FIELD,
    MOST,
    WEEKS,
    Decision,
    Told,
    choices,
    date,
    paused,
)
from syndicate.web.readers.disclosure import disclosed
from syndicate.web.readers.holders import holder, own_doing
from syndicate.web.readers.notices import Notices, masked
from syndicate.web.words import Words, words_in

_log = structlog.get_logger(__name__)
HOW = "preferences page"
POSTS = 60
"""How often a reader may decide something in an hour: each time is noted, or sent."""
_HOUR = timedelta(hours=1)
_Form = Mapping[str, str]
_Act = Callable[[str, _Form, Cause], Response]


class Preferences:
    """The pages under /preferences/."""

    def __init__(
        self, store: Store, config: Config, links: Links, pages: Pages, change: AddressChange
    ) -> None:
        self._store = store
        self._config = config
        self._links = links
        self._pages = pages
        self._change = change
        self._notices = Notices(config, pages)

    def routes(self) -> list[Route]:
        """Return the routes."""
        methods = ["GET", "POST"]
        return [
            Route("/preferences/{token}", self.answer, methods=methods),
            Route("/preferences/{token}/data", self.data, methods=methods),
            Route("/preferences/{token}/erase", self.erase, methods=methods),
        ]

    async def answer(self, request: Request) -> Response:
        """Show the page; on a POST, first do what the form says."""
        return await self._answer(request, self._show, self._act)

    async def data(self, request: Request) -> Response:
        """Answer a POST with everything that is held on the reader."""
        return await self._answer(request, self._show, self._disclose)

    async def erase(self, request: Request) -> Response:
        """Say what erasing means; on a POST, do it."""
        return await self._answer(request, self._ask_to_erase, self._erase)

    async def _answer(
        self, request: Request, show: Callable[[str], Response], act: _Act
    ) -> Response:
        token = request.path_params["token"]
        try:
            if request.method != "POST":
                return await run_in_threadpool(show, token)
            if not from_our_pages(request, self._config.web_url):
                refused = self._notices.refused()
                refused.status_code = 403
                return refused
            form = await read_form(request, most=MANY) or Form()
            cause = own_doing(HOW, request, self._config)
            return await run_in_threadpool(self._within_limit, act, token, form, cause)
        except SyndicateError as error:  # the store, or a template of a letter
            _log.warning("preferences not answered", reason=str(error))
            return self._notices.busy()

    # what is done

    def _within_limit(self, act: _Act, token: str, form: _Form, cause: Cause) -> Response:
        """Act, unless the reader, or whoever holds their link, did so too often."""
        at = clock.now()
        with self._store.write() as tx:
            person = self._person(tx, token)
            name = f"preferences of {person.key}" if person else ""
            often = bool(name) and not tx.limits.take(name, most=POSTS, per=_HOUR, at=at)
        return self._too_often(at) if often else act(token, form, cause)

    def _too_often(self, at: datetime) -> Response:
        """Ask for patience until the next hour, in which counting begins anew."""
        response = self._notices.busy()
        response.status_code = 429
        response.headers["retry-after"] = str(3600 - at.minute * 60 - at.second)
        return response

    def _act(self, token: str, form: _Form, cause: Cause) -> Response:
        if form.get("action") == "address":
            return self._ask_to_move(token, form, cause)
        with self._store.write() as tx:
            person = self._person(tx, token)
            told = self._decide(tx, person, form, cause) if person else None
        if person is None:
            return self._notices.bad_link()
        if told is None:
            return self._notices.refused(self._words(person).language)
        return self._show(token, told, form if told.wrong else {})

    def _decide(
        self, tx: Transaction, person: Subscriber, form: _Form, cause: Cause
    ) -> Told | None:
        """Do what the button stands for; None where it stands for nothing."""
        decide = DECISIONS.get(form.get("action", ""))
        if decide is None:
            return None
        decision = Decision(
            tx=tx,
            person=person,
            form=form,
            cause=cause,
            at=clock.now(),
            words=self._words(person),
            config=self._config,
        )
        return decide(decision)

    def _ask_to_move(self, token: str, form: _Form, cause: Cause) -> Response:
        with self._store.read() as tx:
            person = self._person(tx, token)
        if person is None:
            return self._notices.bad_link()
        said = self._words(person).preferences
        if self._change.ask(person, form.get("email", ""), cause=cause, at=clock.now()):
            return self._show(token, Told(said.address_asked))
        return self._show(token, Told(said.address_wrong, wrong=True), form)

    def _disclose(self, token: str, _: _Form, cause: Cause) -> Response:
        at = clock.now()
        with self._store.write() as tx:
            person = self._person(tx, token)
            if person is not None:
                line = Entry(subscriber=person.key, action=Action.EXPORTED, cause=cause, at=at)
                tx.trail.note(line)
        with self._store.read() as tx:  # it takes its time, in which others may write
            person = self._person(tx, token)
            held = tx.dossier.of(person.key) if person else None
        if held is None:
            return self._notices.bad_link()
        name = f"data-{at:%Y-%m-%d}.json"
        headers = {"content-disposition": f'attachment; filename="{name}"', **PRIVATE}
        return Response(
            disclosed(_without_others(held), self._config, at=at),
            headers=headers,
            media_type="application/json",
        )

    def _erase(self, token: str, form: _Form, cause: Cause) -> Response:
        with self._store.write() as tx:
            person = self._person(tx, token)
            if person is not None and form.get("action") == "erase":
                tx.subscribers.erase(person.key, at=clock.now(), cause=cause)
        if person is None:
            return self._notices.bad_link()
        words = self._words(person)
        if form.get("action") != "erase":
            return self._notices.refused(words.language)
        said = words.preferences
        return answer(self._pages.notice(said.erased_title, said.erased, language=words.language))

    # what the reader sees

    def _show(self, token: str, told: Told | None = None, typed: _Form | None = None) -> Response:
        with self._store.read() as tx:
            person = self._person(tx, token)
        if person is None:
            return self._notices.bad_link()
        words = self._words(person)
        until = paused(person, clock.now())
        values = {
            "path": self._path(token),
            "told": told,
            "typed": typed or {},
            "person": person,
            "email": masked(person.email),
            "contact": (self._config.mail.reply_to or self._config.mail.sender).address,
            "choices": choices(person, self._config),
            "weeks": WEEKS,
            "paused": date(until, words, self._config) if until else None,
            "own": self._config.signup.fields,
            "field": FIELD,
            "most": MOST,
            "languages": {tag: _own_name(tag) for tag in spoken()},
        }
        return self._page("web/preferences.html", values, words)

    def _ask_to_erase(self, token: str) -> Response:
        with self._store.read() as tx:
            person = self._person(tx, token)
        if person is None:
            return self._notices.bad_link()
        values = {"path": self._path(token), "email": masked(person.email)}
        return self._page("web/erase.html", values, self._words(person))

    def _page(self, name: str, values: dict[str, Any], words: Words) -> Response:
        page = self._pages.render(
            name,
            values,
            language=words.language,
            style="web/preferences.css",
            policy=("form-action 'self'",),
        )
        return answer(page)

    def _path(self, token: str) -> str:
        """Return where the page is, also below the path of a proxy."""
        return f"{urlsplit(self._config.web_url).path}/preferences/{token}"

    def _person(self, tx: Transaction, token: str) -> Subscriber | None:
        key = self._links.read_preferences(token)
        return None if key is None else holder(tx, key)

    def _words(self, person: Subscriber) -> Words:
        return words_in(person.language or self._config.publication.language)


def _without_others(held: Held) -> Held:
    """Leave out who else was asked about a change of address, and whether anybody was."""
    requests = (
        replace(one, asked={}) if one.kind is RequestKind.ADDRESS else one for one in held.requests
    )
    return replace(held, requests=tuple(requests))


def _own_name(tag: str) -> str:
    """Write a language as its speakers do: "Deutsch"."""
    name = Locale.parse(tag, sep="-").get_display_name() or tag
    return name[:1].upper() + name[1:]
