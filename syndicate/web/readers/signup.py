"""The sign-up endpoints: the page with the form, the JSON API, and the proof of work.

The response is the same whether an address is new, known, unsubscribed, suppressed or over
its limit of letters, so nobody learns it here. Limits of a network, and of all sign-ups, are
disclosed: people have to solve a proof of work, or wait.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from http import HTTPStatus
from typing import Any

import structlog
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from syndicate import clock
from syndicate.config import Config
from syndicate.errors import SyndicateError
from syndicate.language import Translator, translator
from syndicate.model.subscribers import Actor, Cause
from syndicate.render.rhythm import describe_rhythm
from syndicate.text import printable
from syndicate.web.forms import MAX_CHECKBOX_FIELDS, Form, read_form, read_json
from syndicate.web.operator_access import OperatorAccess
from syndicate.web.outbox import is_outbox_served
from syndicate.web.pages import OWN_SCRIPTS, WebPages, too_many_requests
from syndicate.web.readers.bot_checks import (
    CHALLENGE_LIFETIME,
    HONEYPOT,
    PROOF_FIELD,
    BotChecks,
    StampAge,
)
from syndicate.web.readers.letters import LetterSender, SignupLimit
from syndicate.web.readers.signup_requests import (
    CUSTOM_PREFIX,
    MAX_LENGTH,
    NEWSLETTERS_FIELD,
    SignupErrors,
    SignupInput,
    SignupRequest,
    SignupThrottled,
    SignupValidator,
    custom_field,
    submit_signup,
)
from syndicate.web.server.client_address import client_network

_log = structlog.get_logger(__name__)
STYLE = "web/readers/forms.css"
_STAMP_FIELD = "at"
_CARD_FIELD = "card"
"""The field of a card at the end of an article, which has an address and no stamp."""
_CARD_HEAD_START = timedelta(seconds=1)
"""Taken off the minimum age of a form that is filled in already: all that is left is its button."""
_CORS = {
    "access-control-allow-origin": "*",
    "access-control-allow-methods": "GET, POST",
    "access-control-allow-headers": "content-type",
    "access-control-expose-headers": "retry-after",
    "access-control-max-age": "86400",
}
_PROOF_REQUIRED = {
    "errors": {PROOF_FIELD: "expected an unused solution of a challenge from /signup/challenge"}
}


@dataclass(frozen=True, slots=True, kw_only=True)
class SignupFormState:
    """What the form shows: what was typed, and the errors in it, or a notice about it all."""

    typed: SignupInput
    problems: Mapping[str, str] = field(default_factory=dict)
    notice: str = ""
    stamp: str = ""
    """The stamp to keep; a new one by default."""
    throttled: bool = False
    work: bool = False
    """Whether a proof of work lifts the limit that the notice is about."""

    @property
    def status(self) -> int:
        """The status of the page."""
        if self.throttled:
            return HTTPStatus.TOO_MANY_REQUESTS
        return HTTPStatus.BAD_REQUEST if self.problems or self.notice else HTTPStatus.OK


@dataclass(frozen=True)
class SignupPages:
    """The endpoints under /signup, and /api/signup."""

    config: Config
    pages: WebPages
    validator: SignupValidator
    letters: LetterSender
    bot_checks: BotChecks

    @property
    def _texts(self) -> Translator:
        return translator(self.config.publication.language)

    def routes(self) -> list[Route]:
        """Return the routes; none when there is nothing to subscribe to."""
        if not self.config.offered:
            return []
        return [
            Route("/signup", self.page, methods=["GET", "POST"]),
            Route("/signup/challenge", self.challenge, methods=["GET", "OPTIONS"]),
            Route("/signup/proof.js", self.script, methods=["GET"]),
            Route("/api/signup", self.api, methods=["POST", "OPTIONS"]),
        ]

    async def page(self, request: Request) -> Response:
        """Show the form; on a POST, process it."""
        if request.method != "POST":
            selected = request.query_params.getlist("newsletter")
            empty = SignupFormState(typed=SignupInput(newsletters=selected))
            return await run_in_threadpool(self._form, empty)
        form = await read_form(request, max_fields=MAX_CHECKBOX_FIELDS)
        if form is not None and _CARD_FIELD in form:
            return await run_in_threadpool(self._fill_in, form)
        return await run_in_threadpool(self._handle_form, request, form)

    def _handle_form(self, request: Request, form: Form | None) -> Response:
        if form is None:
            notice = self._texts.gettext("Something went wrong. Please fill in the form again.")
            return self._form(SignupFormState(typed=SignupInput(), notice=notice))
        if form.get(HONEYPOT, "").strip():
            return self._done(request)
        state = SignupFormState(typed=_input_from_form(form), stamp=form.get(_STAMP_FIELD, ""))
        try:
            signup = self.validator.validate(state.typed)
        except SignupErrors as errors:
            return self._form(replace(state, problems=errors.by_field))
        age = self.bot_checks.check_stamp(form.get(_STAMP_FIELD), clock.now())
        if age is StampAge.STALE:
            state = replace(state, stamp="")
        proven = age is StampAge.OK and self._redeem_proof(form.get(PROOF_FIELD, ""))
        if age is not StampAge.OK or (self.config.signup.proof_of_work and not proven):
            notice = self._texts.gettext(
                "Please press the button once more, so we know you’re not a robot."
            )
            return self._form(replace(state, notice=notice))
        throttled = self._submit(request, signup, how="form on the web", proven=proven)
        if throttled is None:
            return self._done(request)
        proof_failed = bool(form.get(PROOF_FIELD))  # no script, or a proof that was used before
        notice, work = self._limit_message(throttled), throttled.proof_helps and not proof_failed
        page = self._form(replace(state, notice=notice, throttled=True, work=work))
        return too_many_requests(page, throttled.wait)

    def _fill_in(self, form: Form) -> Response:
        """Return the form with what a card on another page has sent; nothing is stored.

        The card's page may be on another origin and in any cache, so it proves nothing: the reader
        presses the button of a page that we made.
        """
        typed, problems = _input_from_form(form), {}
        try:
            self.validator.validate(typed)
        except SignupErrors as errors:  # of fields that the card doesn't have as well
            problems = {name: text for name, text in errors.by_field.items() if name == "email"}
        stamp = self.bot_checks.make_stamp(clock.now() - _CARD_HEAD_START)
        return self._form(SignupFormState(typed=typed, problems=problems, stamp=stamp))

    def _limit_message(self, throttled: SignupThrottled) -> str:
        reason = (
            self._texts.gettext("A lot of people are signing up right now.")
            if throttled.limit is SignupLimit.ALL
            else self._texts.gettext(
                "There have been a lot of sign-ups from your network in the last hour."
            )
        )
        again = self._texts.ngettext(
            "Please try again in %(num)s minute.",
            "Please try again in %(num)s minutes.",
            max(1, math.ceil(throttled.wait.total_seconds() / 60)),
        )
        return f"{reason} {again}"

    def _form(self, state: SignupFormState) -> Response:
        work = self.config.signup.proof_of_work or state.work
        offered = self.config.offered
        language = self.config.publication.language
        single = [newsletter.name for newsletter in offered if len(offered) == 1]
        values = {
            "view": state,
            "offered": offered,
            "rhythms": {
                newsletter.name: describe_rhythm(newsletter, self.config, language)
                for newsletter in offered
            },
            "privacy": self.pages.privacy_url,
            "selected": {*state.typed.newsletters, *single},
            "custom_fields": [(custom_field(own.name), own) for own in self.config.signup.fields],
            "double_opt_in": self.config.signup.confirm,
            "work": work,
            "stamp": state.stamp or self.bot_checks.make_stamp(clock.now()),
            "honeypot": HONEYPOT,
            "max_length": MAX_LENGTH,
        }
        response = self.pages.render(
            "web/readers/signup.html",
            values,
            style=STYLE,
            policy=OWN_SCRIPTS if work else (),
            status=state.status,
        )
        if state.status == HTTPStatus.OK:
            del response.headers["x-robots-tag"]
        return response

    def _done(self, request: Request) -> Response:
        values = {
            "message": self._success(),
            "double_opt_in": self.config.signup.confirm,
            "outbox": is_outbox_served(self.config) and OperatorAccess(self.config).allows(request),
        }
        return self.pages.render("web/readers/signed_up.html", values, style=STYLE)

    async def challenge(self, request: Request) -> Response:
        """Return a new challenge, to pages of any site."""
        if request.method == "OPTIONS":
            return Response(status_code=204, headers=_CORS)
        return JSONResponse(self.bot_checks.create_challenge(clock.now()), headers=_CORS)

    def script(self, _: Request) -> Response:
        """Return the script that solves challenges."""
        script = self.pages.render_part("web/readers/proof_of_work.js")
        headers = {"cache-control": "no-cache"}
        return Response(script, media_type="text/javascript", headers=headers)

    def _redeem_proof(self, payload: str) -> bool:
        """Return whether a form has a valid proof, and mark it as used. Raise StoreError."""
        at = clock.now()
        challenge = self.bot_checks.verify_proof(payload, at)
        if challenge is None:
            return False
        with self.letters.store.write() as tx:
            name, per = f"proof {challenge}", CHALLENGE_LIFETIME
            return tx.attempt_limits.take(name, limit=1, per=per, at=at) is None

    async def api(self, request: Request) -> Response:
        """Process a sign-up by a program, or by a script of another site."""
        if request.method == "OPTIONS":
            return Response(status_code=204, headers=_CORS)
        body = await read_json(request)
        try:
            return await run_in_threadpool(self._handle_json, request, body)
        except SyndicateError as error:
            _log.warning("sign-up failed", reason=str(error))
            title = self._texts.gettext("Just a moment")
            text = self._texts.gettext(
                "Nothing has been changed yet. Please try again in a minute."
            )
            return _json({"message": f"{title}. {text}"}, 503)

    def _handle_json(self, request: Request, body: dict[str, Any] | None) -> Response:
        try:
            signup = self.validator.validate(_input_from_json(body))
        except SignupErrors as errors:
            return _json({"errors": errors.by_field}, 400)
        proven = self._redeem_proof(body.get(PROOF_FIELD, "") if body else "")
        if not proven and self.config.signup.proof_of_work:
            return _json(_PROOF_REQUIRED, 400)
        throttled = self._submit(request, signup, how="JSON on the web", proven=proven)
        if throttled is not None:
            content: dict[str, Any] = {"message": self._limit_message(throttled)}
            content |= _PROOF_REQUIRED if throttled.proof_helps else {}
            return too_many_requests(_json(content, 429), throttled.wait)
        return _json({"message": self._success()}, 202)

    def _success(self) -> str:
        if not self.config.signup.confirm:
            return self._texts.gettext("You’ll get the next edition at the address you gave.")
        return self._texts.gettext(
            "We’ve sent an email to the address you gave. Press the button in it to confirm your "
            "subscription."
        )

    def _submit(
        self, request: Request, signup: SignupRequest, *, how: str, proven: bool
    ) -> SignupThrottled | None:
        origin = client_network(request, self.config.web.proxies)
        cause = Cause(who=Actor.READER, how=how, at=clock.now(), origin=origin)
        return submit_signup(self.letters, signup, cause=cause, proven=proven)


def _json(content: Mapping[str, Any], status: int) -> Response:
    return JSONResponse(content, status, headers=_CORS)


def _input_from_form(form: Form) -> SignupInput:
    prefix = CUSTOM_PREFIX
    return SignupInput(
        email=form.get("email", ""),
        name=form.get("name", ""),
        fields={key.removeprefix(prefix): form[key] for key in form if key.startswith(prefix)},
        newsletters=form.getlist("newsletter"),
    )


def _input_from_json(body: dict[str, Any] | None) -> SignupInput:
    """Check the shape of a JSON body; raise SignupErrors."""
    if body is None:
        raise SignupErrors({"body": 'expected a JSON object such as {"email": "anna@example.org"}'})
    expected = {
        "email": (str, "text"),
        "name": (str, "text"),
        "fields": (dict, "an object of texts"),
        NEWSLETTERS_FIELD: (list, "a list of names"),
        PROOF_FIELD: (str, "text"),
    }
    errors = {}
    for key, value in body.items():
        kind, shape = expected.get(key, (None, ""))
        items = value.values() if isinstance(value, dict) else value
        if kind is None:
            errors[printable(key)[:MAX_LENGTH]] = f"unknown; expected {', '.join(expected)}"
        elif not isinstance(value, kind) or not all(isinstance(item, str) for item in items):
            errors[key] = f"expected {shape}"
    if errors:
        raise SignupErrors(errors)
    return SignupInput(**{key: value for key, value in body.items() if key != PROOF_FIELD})
