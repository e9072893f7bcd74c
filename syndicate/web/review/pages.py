"""The pages under /review/: an edition that waits, for one reviewer.

A GET only shows. A button mails a code to the reviewer's own address, and typing it decides; in a
browser where a code was typed the button decides. So neither a program that opens every link and
presses every button decides, nor anybody to whom a proof was forwarded.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from http import HTTPStatus
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


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewVisit:
    """A request by a reviewer, with the edition that its link is for."""

    request: Request
    reviewer: Mailbox
    review: ReviewedEdition
    at: datetime

    def asks(self, decision: ReviewDecision, note: str = "") -> ReviewRequest:
        """Return a decision of the reviewer."""
        return ReviewRequest(
            edition=self.review.edition,
            reviewer=self.reviewer,
            decision=decision,
            note=note,
            at=self.at,
        )


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
        visit = self._visit(request)
        entering = None
        decision = _decision(request.query_params.get("code"))
        if decision is not None and decision in visit.review.possible:
            asked = visit.asks(decision)
            code = self.desk.pending(asked)
            entering = replace(asked, note=code.note) if code is not None else None
        return self._page(visit, entering=entering)

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
        visit = self._visit(request)
        decision, review = _decision(form.get("action")), visit.review
        if decision is None:
            return self.pages.bad_form()
        asked = visit.asks(decision, note=one_line(form.get("note", "")))
        if decision in review.possible and "code" in form:
            return self._confirm(visit, asked, form["code"])
        if decision not in review.possible and review.was_decided(decision, asked.person):
            return _redirect(request)
        if problem := _problem(review, asked):
            return self._page(visit, problem=problem, note=asked.note)
        if self._is_trusted(visit):
            return self._respond(visit, asked, self.desk.decide(asked))
        return self._send_code(visit, asked)

    def _send_code(self, visit: ReviewVisit, asked: ReviewRequest) -> Response:
        """Mail a code, and lead to the page with the field for it."""
        wait = self.desk.send_code(asked)
        if wait is None:
            return _redirect(visit.request, f"?code={asked.decision}")
        return too_many_requests(self._page(visit, problem="too many", wait=wait), wait)

    def _confirm(self, visit: ReviewVisit, asked: ReviewRequest, typed: str) -> Response:
        """Decide by a code, and trust the browser from now on."""
        outcome = self.desk.confirm(asked, typed)
        if outcome is ReviewOutcome.WRONG_CODE:
            code = self.desk.pending(asked)
            if code is not None:
                return self._page(visit, problem=outcome, entering=replace(asked, note=code.note))
            outcome = ReviewOutcome.NO_CODE
        response = self._respond(visit, asked, outcome)
        if outcome is ReviewOutcome.DONE:
            key = self.links.reviewer_key(visit.reviewer.address)
            self.browsers.trust(response, key, visit.at)
        return response

    def _respond(
        self, visit: ReviewVisit, asked: ReviewRequest, outcome: ReviewOutcome
    ) -> Response:
        """Lead to the page of what was decided, or say on the page as it is now why not."""
        if outcome is ReviewOutcome.DONE:
            return _redirect(visit.request)
        now = replace(visit, review=self._load(asked.edition.key, visit.at))
        return self._page(now, problem=outcome, note=asked.note)

    def _page(
        self,
        visit: ReviewVisit,
        *,
        entering: ReviewRequest | None = None,
        problem: str = "",
        note: str = "",
        wait: timedelta | None = None,
    ) -> Response:
        """Render the page; with a problem it is a 422."""
        review, reviewer = visit.review, visit.reviewer
        token = visit.request.path_params["token"]
        schedule = self.config.schedule(review.edition.schedule)
        values = {
            "review": review,
            "edition": review.edition,
            "reviewer": reviewer.name or reviewer.address,
            "email": mask_email(reviewer.address),
            "entering": entering,
            "problem": str(problem),
            "note": note,
            "max_note": MAX_NOTE,
            "free_at": visit.at + wait if wait is not None else None,
            "minutes": CODE_LIFETIME // timedelta(minutes=1),
            "stamp": self.stamps.make_stamp(visit.at),
            "trusted": self._is_trusted(visit),
            "slot_zone": self.config.zone(schedule),
            "token": token,
            "options": ViewOptions.of(visit.request.query_params, token),
            **self._shown(review, reviewer),
        }
        return self.pages.render(
            "web/review/review.html",
            values,
            style="web/review/review.css",
            policy=FRAMES,
            status=HTTPStatus.UNPROCESSABLE_ENTITY if problem else HTTPStatus.OK,
        )

    def _shown(self, review: ReviewedEdition, reviewer: Mailbox) -> dict[str, Any]:
        """Return the values with the content and text of an edition that waits."""
        if review.waiting is None:
            return {"content": None, "findings": (), "warnings": ()}
        edition = review.edition
        with self.store.read() as tx:
            content = tx.editions.content(edition.content)
        reader = self._personalisation(edition.key, edition.newsletter, reviewer)
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
        named = (item for item in reviewers if self.links.reviewer_key(item.address) == key)
        return edition, linked(next(named, None))

    def _visit(self, request: Request) -> ReviewVisit:
        key, reviewer = self._link(request)
        at = clock.now()
        return ReviewVisit(request=request, reviewer=reviewer, review=self._load(key, at), at=at)

    def _is_trusted(self, visit: ReviewVisit) -> bool:
        key = self.links.reviewer_key(visit.reviewer.address)
        return self.browsers.is_trusted(visit.request, key, visit.at)

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
