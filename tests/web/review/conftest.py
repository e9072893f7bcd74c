"""A newsroom with two reviewers whose edition waits, and the browsers that they use."""

import html
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import httpx
import pytest

from syndicate import clock
from syndicate.config import Config
from syndicate.deliver.outbox import Outbox, OutboxMessage
from syndicate.model.editions import ControlRecord, EditionState
from syndicate.store import Store
from syndicate.web.app import application
from tests.schedule.conftest import BREAKING, MINUTE, NOW, ScheduleHarness
from tests.web.asgi_client import Client

ADA = "ada@example.org"
MAREN, BO = "maren@example.org", "bo@example.org"
REVIEW = {"reviewers": [f"Maren Tolk <{MAREN}>", f"Bo Lund <{BO}>"]}


class ReviewBrowser:
    """A browser: it keeps cookies, follows redirects, and sends what a form has."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self.cookies: dict[str, str] = {}
        self.page = ""
        self.path = ""

    def get(self, path: str) -> httpx.Response:
        return self._request("GET", path)

    def press(self, action: str, **fields: str) -> httpx.Response:
        """Press a button of the page that was opened last."""
        stamp = re.search(r'name="stamp" value="([^"]+)"', self.page)
        assert stamp, "there is no form"
        assert f'value="{action}"' in self.page, f"there is no button {action}"
        data = {"stamp": stamp[1], "action": action, **fields}
        return self.post(self.path.partition("?")[0], data)

    def post(self, path: str, data: dict[str, str], **headers: str) -> httpx.Response:
        headers = {"sec-fetch-site": "same-origin", **headers}
        return self._request("POST", path, data=data, headers=headers)

    def _request(self, method: str, path: str, **values: Any) -> httpx.Response:
        headers = values.pop("headers", {})
        if self.cookies:
            headers["cookie"] = "; ".join(f"{n}={v}" for n, v in self.cookies.items())
        answer = self._client.request(method, path, headers=headers, **values)
        self.cookies |= dict(answer.cookies)
        if answer.status_code == 303:
            where = answer.headers["location"]
            assert "/" not in where, "it leads back to the page"
            return self.get(path.rpartition("/")[0] + "/" + where)
        self.page, self.path = answer.text, path
        return answer

    @property
    def words(self) -> str:
        """The page's text."""
        text = re.sub(r"<style>.*?</style>|<[^>]+>", " ", self.page, flags=re.DOTALL)
        return " ".join(html.unescape(text).split())


@dataclass
class ReviewNewsroom:
    """A publication with an edition that waits, and its clock."""

    harness: ScheduleHarness
    set_clock: Callable[[datetime], None]
    due: list[bool] = field(default_factory=list)
    """Grows whenever mail is due."""
    now: datetime = NOW

    @property
    def store(self) -> Store:
        return self.harness.store

    def at(self, now: datetime, *, tick: bool = True) -> None:
        """Let it be that time."""
        self.now = now
        self.set_clock(now)
        if tick:
            self.harness.tick(now)

    def link(self, reviewer: str = MAREN, edition: int = 1) -> str:
        """Return the path of a reviewer's page."""
        return "/review/" + self.harness.services.links.review(edition, reviewer).rpartition("/")[2]

    def browser(self) -> ReviewBrowser:
        """Return a browser that nobody has used."""
        config = self.harness.config
        return ReviewBrowser(Client(application(self.store, config, lambda: self.due.append(True))))

    def opened(self, reviewer: str = MAREN, edition: int = 1) -> ReviewBrowser:
        """Return a new browser with a reviewer's page."""
        browser = self.browser()
        assert browser.get(self.link(reviewer, edition)).status_code == 200
        return browser

    def mail(self, to: str, subject: str = "") -> list[OutboxMessage]:
        """Return the mail that somebody got, oldest first; what is due is sent first."""
        self.harness.services.deliver(clock.now())
        found = Outbox.of(self.harness.config).messages()
        return [one for one in reversed(found) if one.to == to and subject in one.subject]

    def code(self, to: str = MAREN) -> str:
        """Return the newest code that a reviewer was mailed."""
        newest = max(self.mail(to, "code"), key=lambda one: (one.date, one.path.stat().st_mtime_ns))
        found = re.search(r"^[0-9]{6}$", newest.text, re.MULTILINE)
        assert found
        return found[0]

    def decisions(self, edition: int = 1) -> list[ControlRecord]:
        with self.store.read() as tx:
            return tx.control.decisions(edition)

    def state(self, edition: int = 1) -> EditionState:
        with self.store.read() as tx:
            return tx.editions.get(edition).state

    @property
    def undecided(self) -> bool:
        """Whether the edition waits and nobody has decided anything."""
        with self.store.read() as tx:
            waiting = tx.waiting.find(1)
            sent_back = tx.waiting.is_sent_back(1)
        return waiting is not None and waiting.terms.approve_by is not None and not sent_back


@pytest.fixture
def newsroom(
    store: Store, publication: Callable[..., Config], monkeypatch: pytest.MonkeyPatch
) -> Callable[..., ReviewNewsroom]:
    """Make a newsroom whose one schedule has these values; an edition waits since noon."""

    def make(tables: dict[str, Any] | None = None, **schedule: Any) -> ReviewNewsroom:
        schedules = [{**BREAKING, "approve": True, **schedule}]
        config = publication(**{"schedules": schedules, "review": REVIEW, **(tables or {})})
        harness = ScheduleHarness(store, config)
        harness.subscribe(ADA)
        harness.file("ferry", title="Ferry & tram")
        made = ReviewNewsroom(harness, lambda at: monkeypatch.setattr(clock, "now", lambda: at))
        made.at(NOW)
        return made

    return make


__all__ = ["ADA", "BO", "MAREN", "MINUTE", "NOW", "REVIEW", "ReviewBrowser", "ReviewNewsroom"]
