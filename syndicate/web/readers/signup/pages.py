"""Signing up: the page with the form, forms elsewhere that post to it, and JSON.

Whether an address is known, has left, is not mailed or has had its letters for today:
the answer is the same, and so nobody learns it here. What a network or all of them send too
often is answered openly: people are asked for a proof of work, or to wait.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import structlog
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from syndicate import clock
from syndicate.config import Config
from syndicate.errors import SyndicateError
from syndicate.intake.markup.text import printable
from syndicate.render.templates import Templates
from syndicate.store import Store
from syndicate.web.error_pages import ErrorPages, too_many_requests
from syndicate.web.forms import MAX_CHECKBOX_FIELDS, Form, read_form, read_json
from syndicate.web.operator_access import OperatorAccess
from syndicate.web.outbox.pages import is_served
from syndicate.web.pages import WebPages
from syndicate.web.readers.link_owner import cause_of_request
from syndicate.web.readers.signup.bot_checks import (
    HONEYPOT,
    FormStamps,
    StampAge,
    is_honeypot_filled,
)
from syndicate.web.readers.signup.limits import SignupLimit
from syndicate.web.readers.signup.proof_of_work import PROOF_FIELD, Challenges
from syndicate.web.readers.signup.requests import SignupRequests, SignupThrottled
from syndicate.web.readers.signup.validation import (
    CUSTOM_PREFIX,
    MAX_LENGTH,
    NEWSLETTERS_FIELD,
    SignupErrors,
    SignupInput,
    SignupRequest,
    SignupValidator,
    custom_field,
)
from syndicate.web.security_headers import NO_STORE, answer
from syndicate.web.ui_strings import web_strings

_log = structlog.get_logger(__name__)
STYLE = "web/forms.css"
_STAMP_FIELD = "at"
_CORS = {
    **NO_STORE,
    "access-control-allow-origin": "*",
    "access-control-allow-methods": "GET, POST",
    "access-control-allow-headers": "content-type",
    "access-control-expose-headers": "retry-after",
    "access-control-max-age": "86400",
}
_PROOF_REQUIRED = {"errors": {PROOF_FIELD: "expected the answer to /signup/challenge, used once"}}


@dataclass(frozen=True, slots=True, kw_only=True)
class _SignupFormView:
    """A form as it is shown: what is typed in it, and what is wrong with that."""

    typed: SignupInput
    problems: Mapping[str, str] = field(default_factory=dict)
    notice: str = ""
    """What is said of the form as a whole."""
    title: str = ""
    """The heading above it, if it isn't the usual one."""
    stamp: str = ""
    """The stamp it came with, if it is to keep it."""
    work: bool = False
    """Whether work makes up for what the notice says, where a script runs."""


class SignupPages:
    """The pages under /signup, and the JSON endpoint."""

    def __init__(
        self,
        store: Store,
        config: Config,
        pages: WebPages,
        clerk: SignupValidator,
        enrolment: SignupRequests,
        *,
        secret: bytes,
    ) -> None:
        """Sign what stands in forms with `secret`."""
        self._store = store
        self._config = config
        self._access = OperatorAccess(config)
        self._pages = pages
        self._templates = Templates.of(config)
        self._notices = ErrorPages(config, pages)
        self._clerk = clerk
        self._enrolment = enrolment
        self._stamps = FormStamps(secret)
        self._proofs = Challenges(secret)
        self._words = web_strings(config.publication.language).signup
        own = {custom_field(one.name): one.title for one in config.signup.fields}
        words = self._words
        self._labels = {
            "email": words.email,
            "name": words.name,
            **own,
            NEWSLETTERS_FIELD: words.choose,
        }

    @property
    def is_open(self) -> bool:
        """Whether people can subscribe to anything."""
        return self._config.signup.enabled and bool(self._clerk.offered)

    def routes(self) -> list[Route]:
        """Return the routes; none where nobody can sign up."""
        if not self.is_open:
            return []
        return [
            Route("/signup", self.page, methods=["GET", "POST"]),
            Route("/signup/challenge", self.challenge, methods=["GET", "OPTIONS"]),
            Route("/signup/proof.js", self.script, methods=["GET"]),
            Route("/api/signup", self.api, methods=["POST", "OPTIONS"]),
        ]

    # the page

    async def page(self, request: Request) -> Response:
        """Show the form; on a POST, take what it says."""
        if request.method != "POST":
            wanted = request.query_params.getlist("newsletter")
            return await run_in_threadpool(
                self._form, _SignupFormView(typed=SignupInput(newsletters=wanted))
            )
        form = await read_form(request, most=MAX_CHECKBOX_FIELDS)
        try:
            return await run_in_threadpool(self._take, request, form)
        except SyndicateError as error:  # the store, or a template of a letter
            _log_failure(error)
            return self._notices.busy()

    def _take(self, request: Request, form: Form | None) -> Response:
        if form is None:
            return self._form(
                _SignupFormView(typed=SignupInput(), notice=self._words.not_read), 400
            )
        if is_honeypot_filled(form):
            return self._done(request)
        typed = _input_from_form(form)
        try:
            wish = self._clerk.read(typed)
        except SignupErrors as mistakes:
            stamp = form.get(_STAMP_FIELD, "")
            return self._form(
                _SignupFormView(typed=typed, problems=mistakes.by_field, stamp=stamp), 400
            )
        haste = self._stamps.judge(form.get(_STAMP_FIELD), clock.now())
        stamp = form.get(_STAMP_FIELD, "") if haste is not StampAge.STALE else ""
        proven = haste is StampAge.NONE and self._has_worked(form.get(PROOF_FIELD))
        if haste is not StampAge.NONE or (self._config.signup.proof_of_work and not proven):
            return self._form(
                _SignupFormView(typed=typed, notice=self._words.again, stamp=stamp), 400
            )
        postponed = self._enter(request, wish, how="form on the web", proven=proven)
        if postponed is None:
            return self._done(request)
        failed = bool(
            form.get(PROOF_FIELD)
        )  # the browser could not do the work, or it was done before
        sheet = _SignupFormView(
            typed=typed,
            stamp=stamp,
            title=web_strings(self._config.publication.language).busy_title,
            notice=self._over_limit(postponed),
            work=postponed.proof_helps and not failed,
        )
        return too_many_requests(self._form(sheet, 429), postponed.wait)

    def _over_limit(self, postponed: SignupThrottled) -> str:
        """Say in plain words that there are too many sign-ups, and how long to wait."""
        words = self._words
        why = words.over_all if postponed.limit is SignupLimit.ALL else words.over_network
        minutes = max(1, math.ceil(postponed.wait.total_seconds() / 60))
        return f"{why} {words.over_wait.format(count=minutes)}"

    def _form(self, sheet: _SignupFormView, status: int = 200) -> Response:
        work = self._config.signup.proof_of_work or sheet.work
        values = {
            "sheet": sheet,
            "offered": self._clerk.offered,
            "chosen": self._chosen(sheet.typed),
            "labels": self._labels,
            "own_fields": [(custom_field(own.name), own) for own in self._config.signup.fields],
            "said": self._words,
            "double": self._config.signup.confirm,
            "work": work,
            "stamp": sheet.stamp or self._stamps.make(clock.now()),
            "honeypot": HONEYPOT,
            "longest": MAX_LENGTH,
        }
        policy: tuple[str, ...] = ("form-action 'self'",)
        if work:
            policy += ("script-src 'self'", "connect-src 'self'")
        page = self._pages.render("web/signup.html", values, style=STYLE, policy=policy)
        response = answer(page, status)
        if status == 200:  # noqa: PLR2004 - as HTTP says
            del response.headers["x-robots-tag"]
        return response

    def _chosen(self, typed: SignupInput) -> set[str]:
        """Return which boxes are ticked: the only one is, to begin with."""
        only = [one.name for one in self._clerk.offered] if len(self._clerk.offered) == 1 else []
        return {*typed.newsletters, *only}

    def _done(self, request: Request) -> Response:
        outbox = is_served(self._config) and self._access.allows(request)
        values = {"said": self._words, "double": self._config.signup.confirm, "outbox": outbox}
        return answer(self._pages.render("web/signed_up.html", values, style=STYLE))

    # the proof of work

    async def challenge(self, request: Request) -> Response:
        """Set a sum; any page may ask for one."""
        if request.method == "OPTIONS":
            return Response(status_code=204, headers=_CORS)
        return JSONResponse(self._proofs.challenge(clock.now()), headers=_CORS)

    def script(self, _: Request) -> Response:
        """Answer with the script that does the sum."""
        text = self._templates.render("web/proof.js", {})
        headers = {"cache-control": "no-cache"}
        return Response(text, media_type="text/javascript", headers=headers)

    def _has_worked(self, payload: str | None) -> bool:
        """Tell whether the sum was done; it counts once. Raise StoreError."""
        at = clock.now()
        proof = self._proofs.read(payload, at)
        if proof is None:
            return False
        with self._store.write() as tx:
            return self._proofs.spend(tx, proof, at)

    # JSON

    async def api(self, request: Request) -> Response:
        """Take a sign-up from a program or a script of another page."""
        if request.method == "OPTIONS":
            return Response(status_code=204, headers=_CORS)
        given = await read_json(request)
        try:
            return await run_in_threadpool(self._take_json, request, given)
        except SyndicateError as error:
            _log_failure(error)
            words = web_strings(self._config.publication.language)
            return _json({"message": f"{words.busy_title}. {words.busy}"}, 503)

    def _take_json(self, request: Request, given: dict[str, Any] | None) -> Response:
        try:
            wish = self._clerk.read(_input_from_json(given))
        except SignupErrors as mistakes:
            return _json({"errors": mistakes.by_field}, 400)
        payload = given.get(PROOF_FIELD) if given else None
        proven = self._has_worked(payload if isinstance(payload, str) else None)
        if not proven and self._config.signup.proof_of_work:
            return _json(_PROOF_REQUIRED, 400)
        postponed = self._enter(request, wish, how="JSON on the web", proven=proven)
        if postponed is not None:
            said: dict[str, Any] = {"message": self._over_limit(postponed)}
            said |= _PROOF_REQUIRED if postponed.proof_helps else {}
            return too_many_requests(_json(said, 429), postponed.wait)
        double = self._config.signup.confirm
        return _json({"message": self._words.sent if double else self._words.begun}, 202)

    def _enter(
        self, request: Request, wish: SignupRequest, *, how: str, proven: bool
    ) -> SignupThrottled | None:
        cause = cause_of_request(how, request, self._config)
        return self._enrolment.enter(wish, cause=cause, at=clock.now(), proven=proven)


def _json(said: Mapping[str, Any], status: int) -> Response:
    return JSONResponse(said, status, headers=_CORS)


def _log_failure(error: SyndicateError) -> None:
    _log.warning("sign-up not taken", reason=str(error))


def _input_from_form(form: Form) -> SignupInput:
    return SignupInput(
        email=form.get("email", ""),
        name=form.get("name", ""),
        fields={
            key.removeprefix(CUSTOM_PREFIX): form[key]
            for key in form
            if key.startswith(CUSTOM_PREFIX)
        },
        newsletters=form.all("newsletter"),
    )


def _input_from_json(given: dict[str, Any] | None) -> SignupInput:
    """Read JSON as what somebody typed; raise Mistakes where it is of another shape."""
    if given is None:
        raise SignupErrors({"body": 'expected a JSON object such as {"email": "anna@example.org"}'})
    expected = {
        "email": (str, "text"),
        "name": (str, "text"),
        "fields": (dict, "an object of texts"),
        NEWSLETTERS_FIELD: (list, "a list of names"),
        PROOF_FIELD: (str, "text"),
    }
    mistakes = {}
    for key, value in given.items():
        kind, shape = expected.get(key, (None, ""))
        inner = value.values() if isinstance(value, dict) else value
        if kind is None:
            mistakes[printable(key)[:MAX_LENGTH]] = f"unknown; there are {', '.join(expected)}"
        elif not isinstance(value, kind) or not all(isinstance(one, str) for one in inner):
            mistakes[key] = f"expected {shape}"
    if mistakes:
        raise SignupErrors(mistakes)
    return SignupInput(**{key: value for key, value in given.items() if key != PROOF_FIELD})
