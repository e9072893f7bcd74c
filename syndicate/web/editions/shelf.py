"""The shelf: a card for each newsletter, and one form to subscribe to those that are ticked.

The form is the sign-up form's in short, with its stamp and its other bot checks, and posts to it;
what it doesn't ask, such as a required custom field, the sign-up form asks then.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from syndicate import clock
from syndicate.config import Config, Newsletter
from syndicate.model import pictures
from syndicate.model.articles import Figure
from syndicate.render.rhythm import describe_rhythm
from syndicate.store import ArchivedEdition, Store, Transaction
from syndicate.web.editions.archive import cacheable, find_pictures
from syndicate.web.pages import OWN_SCRIPTS, WebPages
from syndicate.web.readers.bot_checks import HONEYPOT, BotChecks

STYLE = "web/editions/shelf.css"


@dataclass(frozen=True, slots=True, kw_only=True)
class ShelfCover:
    """The picture of a card."""

    src: str
    srcset: str
    source: pictures.PictureSource | None
    """The same in a better type, if there is one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShelfCard:
    """A newsletter as the shelf shows it."""

    newsletter: Newsletter
    rhythm: str
    offered: bool
    """Whether people can subscribe to it."""
    latest: ArchivedEdition | None
    """Its newest public edition."""
    cover: ShelfCover | None
    """The first picture of that edition that no other card shows; None for a drawn cover."""


class ShelfPage:
    """The page at /newsletters/."""

    def __init__(
        self, store: Store, config: Config, pages: WebPages, bot_checks: BotChecks
    ) -> None:
        self._store = store
        self._config = config
        self._pages = pages
        self._bot_checks = bot_checks

    def routes(self) -> list[Route]:
        """Return the route."""
        return [Route("/newsletters/", self.show)]

    def show(self, request: Request) -> Response:
        """Show the shelf; `?newsletter=NAME` ticks one. Raise StoreError."""
        config = self._config
        if not config.shelf:
            raise HTTPException(404)
        shown = set[str]()
        with self._store.read() as tx:
            cards = [self._card(tx, newsletter, shown) for newsletter in config.shelf]
        wanted = request.query_params.getlist("newsletter")
        values = {
            "canonical": f"{config.web_url}/newsletters/",
            "cards": cards,
            "form": self._form(wanted) if config.offered else None,
            "privacy": self._pages.privacy_url,
        }
        work = config.offered and config.signup.proof_of_work
        policy = OWN_SCRIPTS if work else ()
        page = self._pages.render("web/editions/shelf.html", values, style=STYLE, policy=policy)
        if not config.offered:  # without a stamp it is the same for everybody
            return cacheable(request, page)
        del page.headers["x-robots-tag"]
        return page

    def _form(self, wanted: Sequence[str]) -> dict[str, object]:
        offered = self._config.offered
        names = [newsletter.name for newsletter in offered]
        return {
            "action": self._pages.signup_url(),
            "ticked": {name for name in names if name in wanted or len(names) == 1},
            "single": len(names) == 1,
            "double_opt_in": self._config.signup.confirm,
            "stamp": self._bot_checks.make_stamp(clock.now()),
            "honeypot": HONEYPOT,
            "work": self._config.signup.proof_of_work,
        }

    def _card(self, tx: Transaction, newsletter: Newsletter, shown: set[str]) -> ShelfCard:
        """Return the card of a newsletter; its cover is none of those `shown`, and joins them."""
        config = self._config
        latest = None
        if newsletter.archive:
            latest = next(iter(tx.archive.newest(newsletter.name, 1)), None)
        figures = find_pictures(tx, latest.key) if latest else []
        figure = next((figure for figure in figures if figure.src not in shown), None)
        shown |= {figure.src} if figure else set()
        return ShelfCard(
            newsletter=newsletter,
            rhythm=describe_rhythm(newsletter, config, config.publication.language),
            offered=newsletter in config.offered,
            latest=latest,
            cover=_cover(figure, f"{config.url}/") if figure else None,
        )


def _cover(figure: Figure, base: str) -> ShelfCover:
    return ShelfCover(
        src=base + figure.src,
        srcset=pictures.srcset(figure, base),
        source=pictures.source(figure, base),
    )
