"""The pages under /review/: an edition that waits, for one reviewer.

A GET only shows. A button mails a code to the reviewer's own address, and typing it decides; in a
browser where a code was typed the button decides. So neither a program that opens every link and
presses every button decides, nor anybody to whom a proof was forwarded.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from syndicate import clock
from syndicate.config.values import Mailbox
from syndicate.deliver.message.links import TrackedLinks
from syndicate.deliver.message.personalisation import Personalisation, PersonalLinks
from syndicate.language import translator
from syndicate.model.findings import translate_findings
from syndicate.model.reviews import CODE_LIFETIME, ReviewDecision
from syndicate.text import one_line
from syndicate.web.forms import Form, read_form
from syndicate.web.pages import ReaderPages, linked, too_many_requests
from syndicate.web.readers.bot_checks import BotChecks, StampAge
from syndicate.web.readers.link_pages import is_same_origin, mask_email
from syndicate.web.review.decisions import ReviewDesk, ReviewOutcome, ReviewRequest
from syndicate.web.review.reviewed_edition import ReviewedEdition, ReviewState
from syndicate.web.review.trusted_browsers import TrustedBrowsers
from syndicate.web.viewer import FRAMES, MailWeight, ViewOptions, framed_html

MAX_NOTE = 1000
"""Characters of a note."""
_NOBODY = 0
"""The number of no reader: the links in the edition unsubscribe nobody."""
_UNPROCESSABLE = 422


@dataclass(frozen=True)
class ReviewPages(ReaderPages):
    """Shows editions to reviewers, and takes their decisions."""

    desk: ReviewDesk
    browsers: TrustedBrowsers
    stamps: BotChecks

    def routes(self) -> list[Route]:
        """Return the routes."""
        return [
            Route("/review/{token}", self.handle, methods=["GET", "POST"]),
            Route("/review/{token}/body", self.body),
        ]

    async def handle(self, request: Request) -> Response:
        """Show the page; on a POST of the form that we rendered, do what it says."""
        if request.method != "POST":
            return await run_in_threadpool(self.show, request)
        form = await read_form(request) or Form()
        stamp = form.get("stamp", "")
        is_ours = self.stamps.check_stamp(stamp, clock.now()) is not StampAge.STALE
        if not (is_ours and is_same_origin(request, self.config.web_url)):
            return self.pages.bad_form(status=403)
        return await run_in_threadpool(self.act, request, form)

    def show(self, request: Request) -> Response:
        """Return the page; after a button was pressed, with the field for its code."""
        key, reviewer = self._link(request)
        at = clock.now()
        review = self._load(key, at)
        entering = None
        decision = _decision(request.query_params.get("code"))
        if decision is not None and decision in review.possible:
            asked = ReviewRequest(
                edition=review.edition, reviewer=reviewer, decision=decision, note="", at=at
            )
            code = self.desk.pending(asked)
            entering = replace(asked, note=code.note) if code is not None else None
        return self._page(request, review, reviewer, at, entering=entering)

    def body(self, request: Request) -> Response:
        """Return the HTML of an edition that waits, for a sandboxed frame."""
        key, reviewer = self._link(request)
        with self.store.read() as tx:
            waiting = tx.waiting.find(key)
            if waiting is None:
                raise HTTPException(404)
            content = tx.editions.content(waiting.edition.content)
        reader = self._personalisation(key, waiting.edition.newsletter, reviewer)
        return framed_html(reader.html(content), request, self.config)

    def act(self, request: Request, form: Form) -> Response:
        """Do what a form says. Raise StoreError or TemplateError."""
        key, reviewer = self._link(request)
        at = clock.now()
        review = self._load(key, at)
        decision = _decision(form.get("action"))
        if decision is None:
            return self.pages.bad_form()
        note = one_line(form.get("note", ""))
        asked = ReviewRequest(
            edition=review.edition, reviewer=reviewer, decision=decision, note=note, at=at
        )
        if decision in review.possible and "code" in form:
            return self._confirm(request, review, asked, form["code"])
        if decision not in review.possible and review.was_decided(decision, asked.person):
            return _redirect(request)
        if problem := _problem(review, asked):
            return self._page(request, review, reviewer, at, problem=problem, note=note)
        if self.browsers.is_trusted(request, self.links.reviewer_key(reviewer.address), at):
            return self._respond(request, review, asked, self.desk.decide(asked))
        return self._send_code(request, review, asked)

    def _send_code(
        self, request: Request, review: ReviewedEdition, asked: ReviewRequest
    ) -> Response:
        """Mail a code, and lead to the page with the field for it."""
        wait = self.desk.send_code(asked)
        if wait is None:
            return _redirect(request, f"?code={asked.decision}")
        page = self._page(request, review, asked.reviewer, asked.at, problem="too many", wait=wait)
        return too_many_requests(page, wait)

    def _confirm(
        self, request: Request, review: ReviewedEdition, asked: ReviewRequest, typed: str
    ) -> Response:
        """Decide by a code, and trust the browser from now on."""
        outcome = self.desk.confirm(asked, typed)
        if outcome is ReviewOutcome.WRONG_CODE:
            code = self.desk.pending(asked)
            if code is not None:
                asked = replace(asked, note=code.note)
                return self._page(
                    request, review, asked.reviewer, asked.at, problem=outcome, entering=asked
                )
            outcome = ReviewOutcome.NO_CODE
        response = self._respond(request, review, asked, outcome)
        if outcome is ReviewOutcome.DONE:
            key = self.links.reviewer_key(asked.reviewer.address)
            self.browsers.trust(response, key, asked.at)
        return response

    def _respond(
        self,
        request: Request,
        review: ReviewedEdition,
        asked: ReviewRequest,
        outcome: ReviewOutcome,
    ) -> Response:
        """Lead to the page of what was decided, or say on the page as it is now why not."""
        if outcome is ReviewOutcome.DONE:
            return _redirect(request)
        now = self._load(review.edition.key, asked.at)
        return self._page(request, now, asked.reviewer, asked.at, problem=outcome, note=asked.note)

    def _page(
        self,
        request: Request,
        review: ReviewedEdition,
        reviewer: Mailbox,
        at: datetime,
        *,
        entering: ReviewRequest | None = None,
        problem: str = "",
        note: str = "",
        wait: timedelta | None = None,
    ) -> Response:
        """Render the page; with a problem it is a 422."""
        token = request.path_params["token"]
        schedule = self.config.schedule(review.edition.schedule)
        publication = self.config.publication
        values: dict[str, Any] = {
            "review": review,
            "edition": review.edition,
            "reviewer": reviewer.name or reviewer.address,
            "email": mask_email(reviewer.address),
            "entering": entering,
            "problem": str(problem),
            "note": note,
            "max_note": MAX_NOTE,
            "free_at": at + wait if wait is not None else None,
            "minutes": CODE_LIFETIME // timedelta(minutes=1),
            "stamp": self.stamps.make_stamp(at),
            "trusted": self.browsers.is_trusted(
                request, self.links.reviewer_key(reviewer.address), at
            ),
            "slot_zone": self.config.zone(schedule) if schedule else publication.timezone,
            "token": token,
            "options": ViewOptions.of(request.query_params, token),
            "content": None,
            "findings": (),
            "warnings": (),
        }
        if review.waiting is not None:
            values |= self._shown(review, reviewer)
        return self.pages.render(
            "web/review/review.html",
            values,
            style="web/review/review.css",
            policy=FRAMES,
            status=_UNPROCESSABLE if problem else 200,
        )

    def _shown(self, review: ReviewedEdition, reviewer: Mailbox) -> dict[str, Any]:
        """Return the values with the edition's content and text."""
        edition = review.edition
        with self.store.read() as tx:
            content = tx.editions.content(edition.content)
        reader = self._personalisation(edition.key, edition.newsletter, reviewer)
        assert review.waiting is not None
        terms, texts = review.waiting.terms, translator(self.config.publication.language)
        return {
            "content": content,
            "text": reader.text(content),
            "mail_weight": MailWeight.of(reader.html(content)),
            "findings": translate_findings(terms.findings, texts),
            "warnings": translate_findings(terms.warnings, texts),
        }

    def _personalisation(self, key: int, newsletter: str, reviewer: Mailbox) -> Personalisation:
        """Return the values of a reader with the reviewer's address, whose links do nothing."""
        with self.store.read() as tx:
            urls = tx.clicks.links(key)
        personal = PersonalLinks(self.links, _NOBODY, _NOBODY, newsletter)
        personal["view"] = self.links.review(key, reviewer.address)
        tracked = TrackedLinks.of(_NOBODY, newsletter, urls, self.config)
        return Personalisation(
            name=reviewer.name, email=reviewer.address, links=personal, link_urls=tracked.urls
        )

    def _link(self, request: Request) -> tuple[int, Mailbox]:
        """Return edition and reviewer of a link; raise BadLink for one who is none any more."""
        edition, key = linked(self.links.read_pair("review", request.path_params["token"]))
        reviewers = self.config.review.reviewers
        named = (one for one in reviewers if self.links.reviewer_key(one.address) == key)
        return edition, linked(next(named, None))

    def _load(self, key: int, at: datetime) -> ReviewedEdition:
        with self.store.read() as tx:
            return linked(ReviewedEdition.load(tx, key, self.config, at))


def _problem(review: ReviewedEdition, asked: ReviewRequest) -> str:
    """Return why a decision can't be asked for; empty if it can."""
    if asked.decision not in review.possible:
        outdated = review.state is ReviewState.OUTDATED
        return ReviewOutcome.CHANGED if outdated else ReviewOutcome.TOO_LATE
    if asked.decision is ReviewDecision.SEND_BACK and not asked.note:
        return "no note"
    return "long note" if len(asked.note) > MAX_NOTE else ""


def _decision(text: str | None) -> ReviewDecision | None:
    return next((decision for decision in ReviewDecision if decision == text), None)


def _redirect(request: Request, query: str = "") -> Response:
    """Lead back to the page, with a relative address: a proxy may have put it in a folder."""
    return RedirectResponse(f"{quote(request.path_params['token'], safe='')}{query}", 303)
